/** The kinds of settings. Each returns a `Setting` that `defineSettings` groups. */
import { formatDuration, parseDuration } from "./duration.ts";
import { type Declaration, InvalidValue, makeSetting, type Setting, type ValueOf } from "./setting.ts";

/** A whole number between `min` and `max`; at most 2^53 - 1. */
export interface IntegerDeclaration extends Declaration<number> {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number: `AGENTMESH_X=7100`. */
export function integer<const Options extends IntegerDeclaration>(options: Options): Setting<ValueOf<Options, number>> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  const bounds = boundsText(options.min, options.max, String);
  const parse = (text: string) => {
    const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    return within(value, { min, max, expected: joined("a whole number", bounds) });
  };
  return makeSetting(options, { type: "integer", bounds, parse }, options.default);
}

/** A number with decimals: `AGENTMESH_X=0.25`. */
export function decimal<const Options extends IntegerDeclaration>(options: Options): Setting<ValueOf<Options, number>> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = options;
  const bounds = boundsText(options.min, options.max, String);
  const parse = (text: string) => {
    const value = /^[+-]?\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : Number.NaN;
    return within(value, { min, max, expected: joined("a number", bounds) });
  };
  return makeSetting(options, { type: "number", bounds, parse }, options.default);
}

/** A length of time; `default`, `min` and `max` are written as in the variable. */
export interface DurationDeclaration extends Declaration<string> {
  readonly min?: string;
  readonly max?: string;
}

/** A length of time: `AGENTMESH_X=30s` ("300ms", "5m", "1h", "30d"). Loads as a number of milliseconds. */
export function duration<const Options extends DurationDeclaration>(
  options: Options,
): Setting<ValueOf<Options, number>> {
  const min = options.min === undefined ? 0 : declaredDuration(options.min);
  const max = options.max === undefined ? Number.MAX_SAFE_INTEGER : declaredDuration(options.max);
  const bounds = boundsText(options.min, options.max, (text) => text);
  const expected = joined('a duration such as "300ms", "30s", "5m" or "1h"', bounds);
  const parse = (text: string) => within(parseDuration(text) ?? Number.NaN, { min, max, expected });
  const fallback = options.default === undefined ? undefined : declaredDuration(options.default);
  return makeSetting(options, { type: "duration", bounds, parse, format: formatDuration }, fallback);
}

/** A text. */
export interface TextDeclaration extends Declaration<string> {
  /** The whole text must match; `patternHelp` says so in words. */
  readonly pattern?: RegExp;
  /** Completes "must be …", for example "a host name or an address". */
  readonly patternHelp?: string;
  /** Most characters; 4096 when not given. */
  readonly maxLength?: number;
}

/** A text that is not empty: `AGENTMESH_X=.data`. */
export function text<const Options extends TextDeclaration>(options: Options): Setting<ValueOf<Options, string>> {
  const { pattern, maxLength = 4096 } = options;
  const parse = (value: string) => {
    if (value.length > maxLength) throw new InvalidValue(`at most ${maxLength} characters long`);
    if (pattern !== undefined && !pattern.test(value)) {
      throw new InvalidValue(options.patternHelp ?? `a text that matches ${pattern}`);
    }
    return value;
  };
  return makeSetting(options, { type: "text", bounds: options.patternHelp ?? "", parse }, options.default);
}

/** A password, key or token: never shown; also read from the file that `<env>_FILE` names. Has no default. */
export function secret<const Options extends Omit<TextDeclaration, "default">>(
  options: Options,
): Setting<ValueOf<Options, string>> {
  return { ...text<Options>({ maxLength: 65_536, ...options }), type: "secret", secret: true };
}

/** One of a few words. */
export interface ChoiceDeclaration<Value extends string> extends Declaration<Value> {
  readonly values: readonly Value[];
}

/** One of a few words: `AGENTMESH_X=full`. Loads as that word. */
export function choice<const Value extends string, const Options extends ChoiceDeclaration<Value>>(
  options: Options & { readonly values: readonly Value[] },
): Setting<ValueOf<Options, Value>> {
  const expected = `one of ${options.values.join(", ")}`;
  const parse = (value: string): Value => {
    const found = options.values.find((candidate) => candidate === value);
    if (found === undefined) throw new InvalidValue(expected);
    return found;
  };
  return makeSetting(options, { type: options.values.join(" | "), parse }, options.default);
}

/** Yes or no: `AGENTMESH_X=true` (also 1, yes, on; false, 0, no, off). */
export function flag<const Options extends Declaration<boolean>>(options: Options): Setting<ValueOf<Options, boolean>> {
  const parse = (value: string) => {
    if (/^(true|1|yes|on)$/i.test(value)) return true;
    if (/^(false|0|no|off)$/i.test(value)) return false;
    throw new InvalidValue("true or false");
  };
  return makeSetting(options, { type: "true | false", parse }, options.default);
}

/** A list of texts. */
export interface ListDeclaration extends Declaration<readonly string[]> {
  /** Most entries; 1000 when not given. */
  readonly maxItems?: number;
}

/** A list, separated by commas: `AGENTMESH_X=a,b`. Spaces around entries are dropped, empty entries refused. */
export function list<const Options extends ListDeclaration>(
  options: Options,
): Setting<ValueOf<Options, readonly string[]>> {
  const { maxItems = 1000 } = options;
  const parse = (value: string): readonly string[] => {
    const entries = value === "" ? [] : value.split(",").map((entry) => entry.trim());
    if (entries.includes("")) throw new InvalidValue("a list separated by commas, without empty entries");
    if (entries.length > maxItems) throw new InvalidValue(`a list of at most ${maxItems} entries`);
    return entries;
  };
  return makeSetting(options, { type: "list", parse, format: (value) => value.join(",") }, options.default);
}

function within(value: number, allowed: { min: number; max: number; expected: string }): number {
  if (!(value >= allowed.min && value <= allowed.max)) throw new InvalidValue(allowed.expected);
  return value;
}

function boundsText<Bound>(min: Bound | undefined, max: Bound | undefined, format: (bound: Bound) => string): string {
  if (min !== undefined && max !== undefined) return `${format(min)} to ${format(max)}`;
  if (min !== undefined) return `${format(min)} or more`;
  return max === undefined ? "" : `at most ${format(max)}`;
}

function joined(what: string, bounds: string): string {
  return bounds === "" ? what : `${what}, ${bounds}`;
}

function declaredDuration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new TypeError(`"${text}" in a declaration is no duration`);
  return milliseconds;
}
