import { setTimeout as delay } from "node:timers/promises";

/** Waits until a condition holds; fails with the last thing it saw. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const giveUp = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > giveUp) throw new Error(`did not come true within ${timeoutMs} ms; last seen: ${shown(seen)}`);
    await delay(10);
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === "bigint" ? String(part) : part)) ?? String(value);
}
