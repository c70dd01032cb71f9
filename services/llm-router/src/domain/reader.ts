/** Reads fields of parsed YAML and collects what is wrong, so that a person gets all of it at once. */
export class Reader {
  private readonly data: Readonly<Record<string, unknown>>;
  private readonly path: string;
  private readonly problems: string[];

  constructor(data: unknown, path: string, problems: string[]) {
    this.path = path;
    this.problems = problems;
    this.data = isRecord(data) ? data : {};
    if (!isRecord(data)) problems.push(`${path === "" ? "the file" : path} must be a mapping`);
  }

  problem(field: string, message: string): void {
    this.problems.push(`${this.pathOf(field)} ${message}`);
  }

  has(field: string): boolean {
    return this.data[field] !== undefined && this.data[field] !== null;
  }

  /** Refuses fields that nobody reads: most often they are typing errors. */
  only(fields: readonly string[]): void {
    for (const field of Object.keys(this.data)) {
      if (!fields.includes(field)) this.problem(field, `is no field; known are ${fields.join(", ")}`);
    }
  }

  /** The mappings of a list that must not be empty. */
  items(field: string): readonly Reader[] {
    const value = this.data[field];
    if (Array.isArray(value) && value.length > 0) {
      return value.map((item, index) => new Reader(item, `${this.pathOf(field)}[${index}]`, this.problems));
    }
    this.problem(field, "must be a list with at least one entry");
    return [];
  }

  text(field: string, rule: { readonly pattern: RegExp; readonly expected: string }): string {
    const value = this.data[field];
    if (typeof value === "string" && rule.pattern.test(value)) return value;
    this.problem(field, this.has(field) ? `must be ${rule.expected}` : "is missing");
    return "";
  }

  optionalText(field: string, maxLength: number): string | undefined {
    if (!this.has(field)) return undefined;
    const value = this.data[field];
    if (typeof value === "string" && value !== "" && value.length <= maxLength) return value;
    this.problem(field, `must be a text of 1-${maxLength} characters`);
    return undefined;
  }

  optionalUrl(field: string): string | undefined {
    const value = this.optionalText(field, 2048);
    if (value === undefined || isHttpUrl(value)) return value;
    this.problem(field, "must be an http or https address without user, query or fragment");
    return undefined;
  }

  optionalObject(field: string): Reader | undefined {
    return this.has(field) ? new Reader(this.data[field], this.pathOf(field), this.problems) : undefined;
  }

  choice<Value extends string>(
    field: string,
    rule: { readonly values: readonly Value[]; readonly fallback: Value },
  ): Value {
    if (!this.has(field)) return rule.fallback;
    const found = rule.values.find((value) => value === this.data[field]);
    if (found === undefined) this.problem(field, `must be one of ${rule.values.join(", ")}`);
    return found ?? rule.fallback;
  }

  flag(field: string, fallback: boolean): boolean {
    if (!this.has(field)) return fallback;
    const value = this.data[field];
    if (typeof value !== "boolean") this.problem(field, "must be true or false");
    return value === true;
  }

  integer(field: string, rule: { readonly min: number; readonly max: number; readonly fallback?: number }): number {
    if (!this.has(field) && rule.fallback !== undefined) return rule.fallback;
    const value = this.data[field];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= rule.min && value <= rule.max)
      return value;
    this.problem(field, this.has(field) ? `must be a whole number from ${rule.min} to ${rule.max}` : "is missing");
    return rule.fallback ?? rule.min;
  }

  /** A decimal as text. YAML reads 0.15 as a number; its shortest form is what was written. */
  decimalText(field: string): string {
    const value = this.data[field];
    return typeof value === "number" ? String(value) : typeof value === "string" ? value : "";
  }

  private pathOf(field: string): string {
    return this.path === "" ? field : `${this.path}.${field}`;
  }
}

/** Whether a text is an address that providers can have. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return false;
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
