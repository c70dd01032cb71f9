import type { Principal } from "@agentmesh/rpc/scope";
import type { StoredKey } from "./api-key.ts";
import { newKeyId, newSecret } from "./secret.ts";

/** A stored key and its secret, with whatever a test needs otherwise. */
export function someKey(change: Partial<StoredKey> = {}): { key: StoredKey; secret: string } {
  const id = change.id ?? newKeyId();
  const { secret, hash } = newSecret(id);
  const key: StoredKey = {
    id,
    name: "test",
    tenant: "acme",
    user: "ann",
    scopes: ["agents:run"],
    requestsPerMinute: undefined,
    created: 1_000,
    expires: undefined,
    lastUsed: undefined,
    revoked: undefined,
    hash,
    previous: undefined,
    ...change,
  };
  return { key, secret };
}

/** A caller of tenant "acme". */
export function caller(...scopes: string[]): Principal {
  return { tenant: "acme", user: "ann", keyId: "caller", roles: [], scopes };
}
