import { errors } from "../../errors.ts";
import { grants } from "./api-key.ts";

/** What somebody wants of a new key. */
export interface KeyWish {
  readonly name: string;
  /** Empty: the caller's user. */
  readonly user: string;
  readonly scopes: readonly string[];
  /** Undefined: valid for ever. */
  readonly timeToLiveMs: number | undefined;
  /** 0: the default of the installation. */
  readonly requestsPerMinute: number;
}

/** Bounds of what may be wished. */
export const keyLimits = {
  nameLength: 128,
  userLength: 128,
  scopes: 64,
  scopeLength: 64,
  minTimeToLiveMs: 60_000,
  maxTimeToLiveMs: 10 * 366 * 24 * 3_600_000,
  maxRequestsPerMinute: 1_000_000,
  maxGraceMs: 7 * 24 * 3_600_000,
  /** Those that were neither revoked nor have expired. */
  keysPerTenant: 10_000,
  /** Ended keys are listed for this long. */
  endedRetentionMs: 90 * 24 * 3_600_000,
} as const;

const SCOPE = /^(\*|[a-z][a-z0-9_-]*(:[a-z0-9_.*-]+)+)$/;
// Control characters would let a name or user pretend to be something else in a list or a log.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

interface Violation {
  readonly field: string;
  readonly description: string;
}

/** @throws INVALID_KEY_REQUEST naming every field that is wrong */
export function checkWish(wish: KeyWish): void {
  const violations = [...nameProblems(wish), ...scopeProblems(wish.scopes), ...numberProblems(wish)];
  refuse(violations);
}

/** @throws INVALID_KEY_REQUEST when the grace period is out of bounds */
export function checkGrace(graceMs: number): void {
  if (graceMs >= 0 && graceMs <= keyLimits.maxGraceMs) return;
  refuse([{ field: "grace", description: "must be 0 to 7 days" }]);
}

/** @throws SCOPE_NOT_HELD when the scopes grant something that the holder cannot do */
export function checkHeld(scopes: readonly string[], held: readonly string[]): void {
  const missing = scopes.filter((scope) => !grants(held, scope));
  if (missing.length === 0) return;
  const message = `You do not have ${missing.join(", ")}: a key can grant only scopes that its maker has.`;
  throw errors.SCOPE_NOT_HELD({ message, metadata: { scopes: missing.join(",") } });
}

function refuse(fields: readonly Violation[]): void {
  const [first] = fields;
  if (first === undefined) return;
  throw errors.INVALID_KEY_REQUEST({ message: `${first.field} ${first.description}`, fields });
}

function nameProblems({ name, user }: KeyWish): Violation[] {
  const problems: Violation[] = [];
  if (name.trim() === "" || name.length > keyLimits.nameLength || UNPRINTABLE.test(name)) {
    problems.push({ field: "name", description: "must be 1 to 128 printable characters" });
  }
  if (user.length > keyLimits.userLength || UNPRINTABLE.test(user)) {
    problems.push({ field: "user", description: "must be at most 128 printable characters" });
  }
  return problems;
}

function scopeProblems(scopes: readonly string[]): Violation[] {
  if (scopes.length === 0 || scopes.length > keyLimits.scopes) {
    return [{ field: "scopes", description: `must be 1 to ${keyLimits.scopes} scopes` }];
  }
  return scopes.flatMap((scope, index) =>
    scope.length <= keyLimits.scopeLength && SCOPE.test(scope)
      ? []
      : [{ field: `scopes[${index}]`, description: 'must be a scope such as "agents:run", or "*"' }],
  );
}

function numberProblems({ timeToLiveMs, requestsPerMinute }: KeyWish): Violation[] {
  const problems: Violation[] = [];
  const { minTimeToLiveMs, maxTimeToLiveMs, maxRequestsPerMinute } = keyLimits;
  if (timeToLiveMs !== undefined && !(timeToLiveMs >= minTimeToLiveMs && timeToLiveMs <= maxTimeToLiveMs)) {
    problems.push({ field: "time_to_live", description: "must be 60 s to 10 years" });
  }
  if (!(requestsPerMinute >= 0 && requestsPerMinute <= maxRequestsPerMinute)) {
    problems.push({ field: "requests_per_minute", description: "must be 0 (the default) to 1,000,000" });
  }
  return problems;
}
