import type { ApiKey, StoredKey } from "./api-key.ts";

/** A page of keys. */
export interface KeyPage {
  readonly keys: readonly ApiKey[];
  /** Undefined: there is no further page. */
  readonly next: KeyCursor | undefined;
}

/** Where a page begins: after this key, newest first. */
export interface KeyCursor {
  readonly created: number;
  readonly id: string;
}

/** How many keys of a tenant are kept, and for how long. */
export interface KeyCountLimits {
  /** Most keys that have not ended when the new one is made. */
  readonly most: number;
  /** Keys that were revoked or expired before are removed, in milliseconds since the epoch. */
  readonly endedBefore: number;
}

/** A new secret for a key that exists. */
export interface Rotation {
  readonly id: string;
  readonly hash: Uint8Array;
  /** The secret that worked until now works on until then, in milliseconds since the epoch. */
  readonly previousUntil: number;
}

/** Where keys are kept. Implementations announce every change, their own and those of other processes. */
export interface KeyStore {
  /** Whether there is any key at all, revoked ones included. */
  isEmpty(): Promise<boolean>;
  /** Stores a new key unless its tenant has too many; forgets those that ended long ago. @returns whether it did */
  insert(key: StoredKey, limits: KeyCountLimits): Promise<boolean>;
  find(id: string): Promise<StoredKey | undefined>;
  list(tenant: string, page: { readonly size: number; readonly after: KeyCursor | undefined }): Promise<KeyPage>;
  /** Replaces the secret of a key that is not revoked. @returns whether it did */
  rotate(rotation: Rotation): Promise<boolean>;
  /** Ends a key; the first time counts. @returns whether the key exists */
  revoke(id: string, at: number): Promise<boolean>;
  /** Notes when a key was used, in milliseconds since the epoch. */
  touch(id: string, at: number): Promise<void>;
  /** Calls the listener with the id of each key that was rotated or revoked. @returns how to stop */
  onChange(listener: (id: string) => void): () => void;
}
