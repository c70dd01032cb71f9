import { hash, randomBytes, timingSafeEqual } from "node:crypto";

/** A new secret and what is kept of it. */
export interface NewSecret {
  /** "am_<id>_<64 hex digits>": shown once. */
  readonly secret: string;
  readonly hash: Uint8Array;
}

/** What a caller presented. */
export interface PresentedSecret {
  readonly id: string;
  readonly hash: Uint8Array;
}

const FORM = /^am_([0-9a-f]{16})_([0-9a-f]{64})$/;

/** A new key id: 64 random bits. */
export function newKeyId(): string {
  return randomBytes(8).toString("hex");
}

/** A new secret of a key: 256 random bits, so a plain SHA-256 is enough to keep it by. */
export function newSecret(id: string): NewSecret {
  const random = randomBytes(32).toString("hex");
  return { secret: `am_${id}_${random}`, hash: hashOf(random) };
}

/** Takes a presented secret apart; undefined when it cannot be one of ours. */
export function parseSecret(text: string): PresentedSecret | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, id = "", random = ""] = match;
  return { id, hash: hashOf(random) };
}

/** Compares hashes in constant time. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}

function hashOf(random: string): Uint8Array {
  return hash("sha256", random, "buffer");
}
