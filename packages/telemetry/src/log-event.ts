/** Levels of a log line, from chatty to fatal. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";

/** A field's type; a trailing `?` makes it optional. */
export type FieldKind = "string" | "number" | "boolean" | "string?" | "number?" | "boolean?";
/** The fields of an event by name. */
export type FieldKinds = Readonly<Record<string, FieldKind>>;

interface Kinds {
  string: string;
  number: number;
  boolean: boolean;
}
type OptionalNames<F extends FieldKinds> = { [K in keyof F]: F[K] extends `${string}?` ? K : never }[keyof F];
type TypeOf<K extends FieldKind> = K extends `${infer Base extends keyof Kinds}?`
  ? Kinds[Base]
  : K extends keyof Kinds
    ? Kinds[K]
    : never;

/** The values an event takes: required fields, and optional ones that may be undefined. */
export type EventFields<F extends FieldKinds> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: TypeOf<F[K]> } & {
  readonly [K in OptionalNames<F>]?: TypeOf<F[K]> | undefined;
};

/** One entry of the catalogue of log events. */
export interface EventDefinition<F extends FieldKinds = FieldKinds> {
  /** snake_case; the log field `event`. */
  readonly name: string;
  readonly level: LogLevel;
  /** The constant message; what varies is in the fields. */
  readonly message: string;
  readonly fields: F;
}

/** Declares a log event. */
export function defineEvent<const F extends FieldKinds>(definition: EventDefinition<F>): EventDefinition<F> {
  return definition;
}
