/**
 * What a setting is: one environment variable with a type, a default, bounds and a sentence. Declared once; reading,
 * checking, `--help`, `--print-config` and the tables of the README pages all come from the declaration.
 */

/** One declared setting. `Value` is what the loaded configuration holds. */
export interface Setting<Value = unknown> {
  /** The environment variable, for example "AGENTMESH_COST_HOLD_TTL". */
  readonly env: string;
  /** One sentence: what it does, with its unit. */
  readonly help: string;
  /** The type as a person reads it: "integer", "duration", "normal | full". */
  readonly type: string;
  /** What is allowed, as a person reads it: "0 to 65535"; empty when anything is. */
  readonly bounds: string;
  /** Never shown; may also come from the file that `<env>_FILE` names. */
  readonly secret: boolean;
  readonly required: boolean;
  /** The value when the variable is not set. Undefined: there is none. */
  readonly fallback: Value | undefined;
  /** The default as text; empty when there is none. */
  readonly fallbackText: string;
  /** Reads a value. Throws `InvalidValue` whose message completes "must be …". */
  parse(text: string): Value;
  /** The value as the variable would hold it. */
  format(value: Value): string;
}

/** Thrown by `Setting.parse`: the message says what the value must be, without the value itself. */
export class InvalidValue extends Error {
  override readonly name = "InvalidValue";
}

/** What every declaration has. */
export interface Declaration<Value> {
  readonly env: string;
  readonly help: string;
  /** Used when the variable is not set. Without it the value may be undefined, unless `required`. */
  readonly default?: Value;
  /** True: the start fails when the variable is not set. */
  readonly required?: true;
}

/** The value a declaration loads to: undefined only when it neither has a default nor is required. */
export type ValueOf<Options, Value> = Options extends { readonly default: unknown } | { readonly required: true }
  ? Value
  : Value | undefined;

/** A declaration whose default is written as text. */
export interface Kind<Value> {
  readonly type: string;
  readonly bounds?: string;
  readonly secret?: boolean;
  readonly parse: (text: string) => Value;
  readonly format?: (value: Value) => string;
}

/** Makes a setting of a declaration and its kind; a default outside its own bounds is a programming error. */
export function makeSetting<Value, Result>(
  declaration: Declaration<unknown>,
  kind: Kind<Value>,
  fallback: Value | undefined,
): Setting<Result> {
  const format = kind.format ?? String;
  const fallbackText = fallback === undefined ? "" : format(fallback);
  if (fallback !== undefined) kind.parse(fallbackText);
  return {
    env: declaration.env,
    help: declaration.help,
    type: kind.type,
    bounds: kind.bounds ?? "",
    secret: kind.secret ?? false,
    required: declaration.required ?? false,
    fallback: fallback as Result | undefined,
    fallbackText,
    parse: kind.parse as unknown as (text: string) => Result,
    format: format as unknown as (value: Result) => string,
  };
}
