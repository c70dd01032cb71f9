/** An object of a document and where it stands: "rules[2]". */
export interface Fields {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

interface TextOptions {
  readonly pattern?: RegExp;
  readonly help?: string;
  readonly fallback?: string;
}

/** Reads typed values from an untyped document and collects all that is wrong instead of stopping at the first. */
export class FieldReader {
  readonly problems: string[] = [];
  readonly #document: unknown;

  constructor(document: unknown) {
    this.#document = document;
  }

  /** The document itself as an object with these fields and no others. */
  fields(path: string, known: readonly string[]): Fields {
    return this.#object(this.#document, path, known);
  }

  /** An object below another one; missing: empty. */
  nested(parent: Fields, name: string, known: readonly string[]): Fields {
    const value = parent.values[name];
    const path = below(parent, name);
    return value === undefined ? { path, values: {} } : this.#object(value, path, known);
  }

  /** A list of objects; missing: empty. */
  list(parent: Fields, name: string): readonly Fields[] {
    const value = parent.values[name];
    const path = below(parent, name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.problems.push(`${path}: must be a list`);
      return [];
    }
    return value.map((entry, index) => this.#object(entry, `${path}[${index}]`, undefined));
  }

  /** Complains about fields that are not known. */
  allow({ path, values }: Fields, known: readonly string[]): void {
    for (const name of Object.keys(values)) {
      if (!known.includes(name)) {
        this.problems.push(`${path === "" ? name : `${path}.${name}`}: unknown field; known are: ${known.join(", ")}`);
      }
    }
  }

  text(parent: Fields, name: string, { pattern, help, fallback }: TextOptions): string {
    const value = parent.values[name];
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === "string" && (pattern === undefined || pattern.test(value))) return value;
    this.problems.push(`${below(parent, name)}: must be ${help ?? "a text"}`);
    return "";
  }

  number(parent: Fields, name: string, { min, max, fallback }: { min: number; max: number; fallback: number }): number {
    const value = parent.values[name];
    if (value === undefined) return fallback;
    if (typeof value === "number" && value >= min && value <= max) return value;
    this.problems.push(`${below(parent, name)}: must be a number from ${min} to ${max}`);
    return fallback;
  }

  texts(parent: Fields, name: string): readonly string[] {
    const value = parent.values[name];
    if (Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === "string")) return value;
    this.problems.push(`${below(parent, name)}: must be a list of texts that is not empty`);
    return [];
  }

  flag(parent: Fields, name: string): boolean {
    const value = parent.values[name] ?? false;
    if (typeof value === "boolean") return value;
    this.problems.push(`${below(parent, name)}: must be true or false`);
    return false;
  }

  choice<Value extends string>(
    parent: Fields,
    name: string,
    allowed: readonly [Value, ...Value[]],
    fallback?: Value,
  ): Value {
    const value = parent.values[name];
    if (value === undefined && fallback !== undefined) return fallback;
    const found = allowed.find((candidate) => candidate === value);
    if (found !== undefined) return found;
    this.problems.push(`${below(parent, name)}: must be one of ${allowed.join(", ")}`);
    return allowed[0];
  }

  choices<Value extends string>(parent: Fields, name: string, allowed: readonly Value[]): readonly Value[] {
    const given = this.texts(parent, name);
    const found = allowed.filter((candidate) => given.includes(candidate));
    if (new Set(given).size === found.length) return found;
    this.problems.push(`${below(parent, name)}: each must be one of ${allowed.join(", ")}`);
    return found;
  }

  #object(value: unknown, path: string, known: readonly string[] | undefined): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.problems.push(`${path === "" ? "the document" : path}: must be an object`);
      return { path, values: {} };
    }
    const fields = { path, values: value as Record<string, unknown> };
    if (known !== undefined) this.allow(fields, known);
    return fields;
  }
}

function below({ path }: Fields, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
