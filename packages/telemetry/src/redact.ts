const HIDDEN = "[redacted]";
const MAX_DEPTH = 6;

// Compared without case, `_`, `-` and `.`: apiKey, api_key and x-api-key are one name.
const SECRET_NAME =
  /(password|passwd|secret|credential|authorization|cookie|apikey|adminkey|privatekey|accesskey|bearer|(access|refresh|id|auth|session|principal)token)$|^(token|jwt|agentmeshprincipal)$/;
// Content has no place in a log: these fields are dropped even if someone passes them.
const CONTENT_NAME =
  /^(prompt|completion|messages?content|content|arguments|argumentsjson|input|output|resultjson|body)$/;
const SECRET_VALUE = /\b(bearer\s+[\w.~+/=-]{8,}|sk-[\w-]{8,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)|:\/\/[^/\s:@]*:[^/\s@]+@/i;
const SECRET_VALUES = new RegExp(SECRET_VALUE.source, "gi");

const verdicts = new Map<string, boolean>();

function isSecretName(name: string): boolean {
  let verdict = verdicts.get(name);
  if (verdict === undefined) {
    const plain = name.toLowerCase().replace(/[_\-.]/g, "");
    verdict = SECRET_NAME.test(plain) || CONTENT_NAME.test(plain);
    // Names come from code, but a hostile map may be logged: do not remember without end.
    if (verdicts.size < 2_000) verdicts.set(name, verdict);
  }
  return verdict;
}

/** Hides tokens, keys and passwords inside a text: bearer tokens, `sk-` keys, JWTs, credentials in URLs. */
export function redactText(text: string): string {
  return SECRET_VALUE.test(text) ? text.replace(SECRET_VALUES, HIDDEN) : text;
}

function redactValue(name: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  if (isSecretName(name)) return HIDDEN;
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object") return value;
  if (value instanceof Error) return { type: value.name, message: redactText(value.message) };
  if (depth >= MAX_DEPTH) return "[deep]";
  if (Array.isArray(value)) return value.map((item) => redactValue("", item, depth + 1));
  return redactObject(value as Record<string, unknown>, depth + 1);
}

function redactObject<T extends Readonly<Record<string, unknown>>>(fields: T, depth: number): T {
  let copy: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const safe = redactValue(name, value, depth);
    if (safe === value) continue;
    copy ??= { ...fields };
    copy[name] = safe;
  }
  return (copy as T | undefined) ?? fields;
}

/**
 * Returns the fields with secrets and content hidden: by field name (`api_key`, `authorization`, `prompt` …) and by
 * the shape of text values. Returns the same object when there is nothing to hide, so the usual case allocates nothing.
 */
export function redact<T extends Readonly<Record<string, unknown>>>(fields: T): T {
  return redactObject(fields, 0);
}
