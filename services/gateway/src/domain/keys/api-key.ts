import type { Principal } from "@agentmesh/rpc/scope";

/** A key as it is stored: everything but the secret. Times are milliseconds since the epoch. */
export interface ApiKey {
  /** 16 hex digits; unique in the installation, part of the secret, no secret itself. */
  readonly id: string;
  /** What a person calls it. */
  readonly name: string;
  readonly tenant: string;
  /** Calls with this key act as this user. */
  readonly user: string;
  /** What it may do; "*" is everything. */
  readonly scopes: readonly string[];
  /** Undefined: the default of the installation. */
  readonly requestsPerMinute: number | undefined;
  readonly created: number;
  readonly expires: number | undefined;
  /** To the minute. */
  readonly lastUsed: number | undefined;
  readonly revoked: number | undefined;
}

/** A key with what proves it: SHA-256 of the secret, and of the one before while its grace lasts. */
export interface StoredKey extends ApiKey {
  readonly hash: Uint8Array;
  readonly previous: { readonly hash: Uint8Array; readonly until: number } | undefined;
}

/** The first characters of every secret of a key, to recognise it: "am_3f9a1c0b8d2e4f60". */
export function prefixOf(id: string): string {
  return `am_${id}`;
}

/** Whether a set of scopes grants one. */
export function grants(scopes: readonly string[], scope: string): boolean {
  return scopes.includes(scope) || scopes.includes("*");
}

/** Who calls with this key. */
export function principalOf(key: ApiKey): Principal {
  const roles = key.scopes.includes("*") ? ["admin"] : [];
  return { tenant: key.tenant, user: key.user, keyId: key.id, roles, scopes: key.scopes };
}
