import type { Principal, PrincipalCredential } from "@agentmesh/rpc/scope";
import { errors } from "../../errors.ts";
import { principalOf, type StoredKey } from "./api-key.ts";
import type { KeyStore } from "./key-store.ts";
import { type PresentedSecret, parseSecret, sameHash } from "./secret.ts";

/** What the authenticator needs. */
export interface AuthenticatorOptions {
  readonly store: KeyStore;
  /** Makes what other services accept of a principal. */
  readonly credentialFor: (principal: Principal) => PrincipalCredential;
  readonly clock: () => number;
  /** Told when a use could not be noted; the call goes on. */
  readonly onTouchFailed: (error: unknown) => void;
}

/** A key that was looked up, ready for the next call. */
interface KnownKey {
  readonly key: StoredKey;
  readonly credential: PrincipalCredential;
  usedMinute: number;
}

const MOST_KNOWN = 10_000;
const MINUTE = 60_000;

/**
 * Turns an API key into a principal. Keys are looked up once and remembered until they change; every call compares the
 * hash, which is remembered of secrets that were right, and whether the key is revoked or has expired. Nothing tells a caller without the secret whether a key exists, is revoked or has expired.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #known = new Map<string, KnownKey>();
  /** The hashes of secrets that were right, so that a caller's second call costs no hashing. */
  readonly #hashed = new Map<string, PresentedSecret>();
  readonly #stop: () => void;
  #changes = 0;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#stop = options.store.onChange((id) => {
      this.#changes += 1;
      this.#known.delete(id);
      this.#hashed.clear();
    });
  }

  /**
   * Whose secret this is. Answers at once for a key that is known.
   * @throws KEY_MISSING, KEY_INVALID, KEY_EXPIRED, KEY_REVOKED
   */
  authenticate(secret: string | undefined): PrincipalCredential | Promise<PrincipalCredential> {
    if (secret === undefined || secret === "") throw errors.KEY_MISSING();
    const hashed = this.#hashed.get(secret);
    const presented = hashed ?? parseSecret(secret);
    if (presented === undefined) throw errors.KEY_INVALID();
    const known = this.#known.get(presented.id);
    if (known === undefined) return this.#load(presented.id).then((loaded) => this.#admit(loaded, presented.hash));
    const credential = this.#admit(known, presented.hash);
    if (hashed === undefined) this.#rememberHash(secret, presented);
    return credential;
  }

  #rememberHash(secret: string, presented: PresentedSecret): void {
    if (this.#hashed.size >= MOST_KNOWN) this.#hashed.clear();
    this.#hashed.set(secret, presented);
  }

  /** The own limit of a key that has just been authenticated; undefined: it has none, or is not known. */
  requestsPerMinuteOf(id: string): number | undefined {
    return this.#known.get(id)?.key.requestsPerMinute;
  }

  /** Ends listening for changes. */
  close(): void {
    this.#stop();
  }

  async #load(id: string): Promise<KnownKey> {
    const changes = this.#changes;
    const key = await this.#options.store.find(id);
    if (key === undefined) throw errors.KEY_INVALID();
    const credential = this.#options.credentialFor(principalOf(key));
    const loaded: KnownKey = { key, credential, usedMinute: minuteOf(key.lastUsed ?? 0) };
    // A key that changed while it was read must not be remembered as it was.
    if (changes === this.#changes) this.#remember(loaded);
    return loaded;
  }

  #remember(loaded: KnownKey): void {
    if (this.#known.size >= MOST_KNOWN) {
      const [oldest = ""] = this.#known.keys();
      this.#known.delete(oldest);
    }
    this.#known.set(loaded.key.id, loaded);
  }

  #admit(known: KnownKey, hash: Uint8Array): PrincipalCredential {
    const { key } = known;
    const now = this.#options.clock();
    const current = sameHash(hash, key.hash);
    const before = key.previous !== undefined && sameHash(hash, key.previous.hash) ? key.previous : undefined;
    if (!current && before === undefined) throw errors.KEY_INVALID();
    if (key.revoked !== undefined) throw errors.KEY_REVOKED();
    if (key.expires !== undefined && key.expires <= now) throw errors.KEY_EXPIRED();
    if (before !== undefined && !current && before.until <= now) throw errors.KEY_EXPIRED();
    this.#noteUse(known, now);
    return known.credential;
  }

  // One write per key and minute; nobody waits for it.
  #noteUse(known: KnownKey, now: number): void {
    const minute = minuteOf(now);
    if (minute <= known.usedMinute) return;
    known.usedMinute = minute;
    this.#options.store.touch(known.key.id, minute * MINUTE).catch(this.#options.onTouchFailed);
  }
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE);
}
