import type { Principal } from "@agentmesh/rpc/scope";
import { errors } from "../../errors.ts";
import type { ApiKey, StoredKey } from "./api-key.ts";
import { checkGrace, checkHeld, checkWish, type KeyWish, keyLimits } from "./key-rules.ts";
import type { KeyCursor, KeyPage, KeyStore } from "./key-store.ts";
import { newKeyId, newSecret } from "./secret.ts";

/** A key with its secret, which is shown this once. */
export interface IssuedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/** What happens to keys, for the log. */
export type KeyChange = "created" | "rotated" | "revoked";

/** What the manager needs. */
export interface KeyManagerOptions {
  readonly store: KeyStore;
  readonly clock: () => number;
  readonly onChange: (key: ApiKey, change: KeyChange, by: Principal) => void;
}

/** Makes, lists, rotates and ends the keys of the caller's tenant. */
export class KeyManager {
  readonly #options: KeyManagerOptions;

  constructor(options: KeyManagerOptions) {
    this.#options = options;
  }

  /** @throws INVALID_KEY_REQUEST, SCOPE_NOT_HELD, TOO_MANY_KEYS */
  async create(caller: Principal, wish: KeyWish): Promise<IssuedKey> {
    checkWish(wish);
    checkHeld(wish.scopes, caller.scopes);
    const { issued, stored } = issue(caller, wish, this.#options.clock());
    const { keysPerTenant: most, endedRetentionMs } = keyLimits;
    const limits = { most, endedBefore: stored.created - endedRetentionMs };
    const inserted = await this.#options.store.insert(stored, limits);
    if (!inserted) throw errors.TOO_MANY_KEYS({ metadata: { limit: String(keyLimits.keysPerTenant) } });
    this.#options.onChange(issued.key, "created", caller);
    return issued;
  }

  /** The tenant's keys, newest first. */
  list(caller: Principal, page: { size: number; after: KeyCursor | undefined }): Promise<KeyPage> {
    return this.#options.store.list(caller.tenant, page);
  }

  /**
   * A new secret for a key. Who rotates learns the secret, so the key must not grant more than the caller has.
   * @throws KEY_NOT_FOUND, KEY_ENDED, SCOPE_NOT_HELD, INVALID_KEY_REQUEST
   */
  async rotate(caller: Principal, id: string, graceMs: number): Promise<IssuedKey> {
    checkGrace(graceMs);
    const key = await this.#find(caller, id);
    const now = this.#options.clock();
    if (key.revoked !== undefined || (key.expires !== undefined && key.expires <= now)) throw ended(id);
    checkHeld(key.scopes, caller.scopes);
    const { secret, hash } = newSecret(id);
    const rotated = await this.#options.store.rotate({ id, hash, previousUntil: now + graceMs });
    if (!rotated) throw ended(id);
    this.#options.onChange(key, "rotated", caller);
    return { key, secret };
  }

  /** Ends a key at once. @throws KEY_NOT_FOUND */
  async revoke(caller: Principal, id: string): Promise<ApiKey> {
    const key = await this.#find(caller, id);
    await this.#options.store.revoke(id, this.#options.clock());
    if (key.revoked === undefined) this.#options.onChange(key, "revoked", caller);
    return this.#find(caller, id);
  }

  // A key of another tenant is not found, so that ids tell nothing.
  async #find(caller: Principal, id: string): Promise<StoredKey> {
    const key = await this.#options.store.find(id);
    if (key === undefined || key.tenant !== caller.tenant)
      throw errors.KEY_NOT_FOUND({ metadata: { key_id: id.slice(0, 64) } });
    return key;
  }
}

/** A key that may do everything, for the first start. */
export function issueAdminKey(now: number): { readonly issued: IssuedKey; readonly stored: StoredKey } {
  const admin = { tenant: "default", user: "admin" };
  const wish = { name: "admin", user: "", scopes: ["*"], timeToLiveMs: undefined, requestsPerMinute: 0 };
  return issue(admin, wish, now);
}

function issue(owner: Pick<Principal, "tenant" | "user">, wish: KeyWish, now: number) {
  const id = newKeyId();
  const { secret, hash } = newSecret(id);
  const key: ApiKey = {
    id,
    name: wish.name.trim(),
    tenant: owner.tenant,
    user: wish.user === "" ? owner.user : wish.user,
    scopes: [...new Set(wish.scopes)],
    requestsPerMinute: wish.requestsPerMinute === 0 ? undefined : wish.requestsPerMinute,
    created: now,
    expires: wish.timeToLiveMs === undefined ? undefined : now + wish.timeToLiveMs,
    lastUsed: undefined,
    revoked: undefined,
  };
  return { issued: { key, secret }, stored: { ...key, hash, previous: undefined } };
}

function ended(id: string) {
  return errors.KEY_ENDED({ metadata: { key_id: id } });
}
