/** Faults and pace of an answer. Times in milliseconds; chunks are counted from 1. */
export interface Faults {
  /** Answer with this status and an error body. */
  readonly status?: number;
  /** Seconds for the Retry-After header of an error. */
  readonly retry_after?: number;
  /** Reset the connection before anything is answered. */
  readonly reset?: number;
  /** Accept the request and never answer. */
  readonly silence?: number;
  /** After this many chunks the connection breaks (not streamed: in the middle of the body). */
  readonly cut?: number;
  /** After this many chunks the stream ends as if complete, without finish_reason and [DONE]. */
  readonly truncate?: number;
  /** After this many chunks nothing more comes, the connection stays open. */
  readonly stall?: number;
  /** This chunk is broken JSON (not streamed: the body is). */
  readonly malformed?: number;
  /** After this many chunks the stream carries an error object, as providers do when they fail late. */
  readonly error_chunk?: number;
  /** The answer reports no usage. */
  readonly no_usage?: number;
  /** Only the first so many requests with this model name fail (by status 500 if no other fault is named). */
  readonly fail_times?: number;
  /** Wait before the answer begins. */
  readonly latency_ms?: number;
  /** Streamed only: wait between the headers and the first token. */
  readonly first_token_ms?: number;
  /** Tokens per second of a streamed answer; also how long a whole answer takes. */
  readonly tps?: number;
}

/** A fault's name. */
export type FaultName = keyof Faults;

interface Rule {
  readonly min: number;
  readonly max: number;
  /** The value when none is given; without it a value is required. */
  readonly bare?: number;
  readonly integer?: boolean;
}

const CHUNK: Rule = { min: 0, max: 1_000_000, integer: true };
const SWITCH: Rule = { min: 1, max: 1, bare: 1 };
const MILLISECONDS: Rule = { min: 0, max: 600_000 };

const RULES: Readonly<Record<FaultName, Rule>> = {
  status: { min: 400, max: 599, integer: true },
  retry_after: { min: 0, max: 86_400 },
  reset: SWITCH,
  silence: SWITCH,
  cut: CHUNK,
  truncate: CHUNK,
  stall: CHUNK,
  malformed: { min: 1, max: 1_000_000, integer: true, bare: 1 },
  error_chunk: CHUNK,
  no_usage: SWITCH,
  fail_times: { min: 1, max: 1_000_000, integer: true },
  latency_ms: MILLISECONDS,
  first_token_ms: MILLISECONDS,
  tps: { min: 0.1, max: 1_000_000 },
};

/** All names, for help texts. */
export const FAULT_NAMES = Object.keys(RULES) as readonly FaultName[];

/** Reads `name=value` parts; returns what is wrong as a text. */
export function parseFaults(parts: readonly string[]): Faults | string {
  const faults: Record<string, number> = {};
  for (const part of parts) {
    const [name = "", text] = part.split("=", 2);
    const rule = Object.hasOwn(RULES, name) ? RULES[name as FaultName] : undefined;
    if (!rule) return `Unknown fault \`${name.slice(0, 50)}\`. Faults: ${FAULT_NAMES.join(", ")}.`;
    const value = text === undefined ? rule.bare : Number(text);
    if (value === undefined || !isWithin(value, rule)) {
      return `Fault \`${name}\` needs ${rule.integer ? "an integer" : "a number"} from ${rule.min} to ${rule.max}.`;
    }
    faults[name] = value;
  }
  return faults;
}

function isWithin(value: number, { min, max, integer }: Rule): boolean {
  return value >= min && value <= max && (!integer || Number.isInteger(value));
}

// Pace is not a fault: it stays when the faults of `fail_times` are over.
const PACE: ReadonlySet<string> = new Set<FaultName>(["latency_ms", "first_token_ms", "tps"]);

/** What is left of the faults once `fail_times` requests have failed: the pace. */
export function paceOnly(faults: Faults): Faults {
  return Object.fromEntries(Object.entries(faults).filter(([name]) => PACE.has(name)));
}

/** True when the faults contain one that makes a request fail. */
export function hasFailure({ status, reset, silence, cut, truncate, stall, malformed, error_chunk }: Faults): boolean {
  return [status, reset, silence, cut, truncate, stall, malformed, error_chunk].some((fault) => fault !== undefined);
}
