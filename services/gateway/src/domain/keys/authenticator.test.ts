import { type Database, openDatabase } from "@agentmesh/state";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrations } from "../../adapters/sqlite/migrations.ts";
import { SqliteKeyStore } from "../../adapters/sqlite/sqlite-key-store.ts";
import { errors } from "../../errors.ts";
import type { StoredKey } from "./api-key.ts";
import { Authenticator } from "./authenticator.ts";
import { someKey } from "./keys.fixture.ts";
import { newSecret } from "./secret.ts";

const MINUTE = 60_000;
let database: Database;
let store: SqliteKeyStore;
let authenticator: Authenticator;
let now: number;

beforeEach(() => {
  now = 100 * MINUTE;
  database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  store = new SqliteKeyStore(database);
  authenticator = new Authenticator({
    store,
    clock: () => now,
    credentialFor: (principal) => ({ principal, token: () => "token" }),
    onTouchFailed: (error) => expect.fail(String(error)),
  });
});
afterEach(() => database.close());

async function stored(change: Partial<StoredKey> = {}) {
  const made = someKey(change);
  await store.insert(made.key, { most: 100, endedBefore: 0 });
  return made;
}

// Thrown at once for a known key, by a promise otherwise: a caller sees both alike.
const authenticate = async (secret: string | undefined) => authenticator.authenticate(secret);
const refused = (error: { is(thrown: unknown): boolean }) => expect.toSatisfy((thrown) => error.is(thrown));

describe("an API key", () => {
  it("speaks for its tenant and user with its scopes", async () => {
    const { key, secret } = await stored({ scopes: ["agents:run", "models:use"] });
    const { principal } = await authenticate(secret);
    expect(principal).toEqual({
      tenant: "acme",
      user: "ann",
      keyId: key.id,
      roles: [],
      scopes: ["agents:run", "models:use"],
    });
  });

  it("is answered at once the second time", async () => {
    const { secret } = await stored();
    const first = await authenticate(secret);
    expect(authenticator.authenticate(secret)).toBe(first);
  });

  it.each([undefined, ""])("is missing when nothing was sent (%o)", async (secret) => {
    await expect(authenticate(secret)).rejects.toEqual(refused(errors.KEY_MISSING));
  });

  it("is refused in one and the same way when it is malformed, unknown or has a wrong secret", async () => {
    const { secret } = await stored({ revoked: 1, expires: 2 });
    const wrong = `${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`;
    const unknown = someKey().secret;
    for (const bad of ["am_", "sk-123", `${secret} `, unknown, wrong]) {
      const error = await authenticate(bad).catch((thrown) => thrown);
      expect(errors.KEY_INVALID.is(error), bad).toBe(true);
      expect(error.message).toBe(errors.KEY_INVALID.definition.message);
    }
  });

  it("expires on time, also while it is remembered", async () => {
    const { secret } = await stored({ expires: now + 1 });
    await authenticate(secret);
    now += 1;
    await expect(authenticate(secret)).rejects.toEqual(refused(errors.KEY_EXPIRED));
  });

  it("is refused by the next call after it was revoked", async () => {
    const { key, secret } = await stored();
    await authenticate(secret);
    await store.revoke(key.id, now);
    await expect(authenticate(secret)).rejects.toEqual(refused(errors.KEY_REVOKED));
  });

  it("is not remembered as it was when it is revoked while it is looked up", async () => {
    const { key, secret } = await stored();
    const [first] = await Promise.allSettled([authenticate(secret), store.revoke(key.id, now)]);
    expect(first).toBeDefined();
    await expect(authenticate(secret)).rejects.toEqual(refused(errors.KEY_REVOKED));
  });

  it("works with both secrets during the grace of a rotation, and with the new one after it", async () => {
    const { key, secret } = await stored();
    await authenticate(secret);
    const next = newSecret(key.id);
    await store.rotate({ id: key.id, hash: next.hash, previousUntil: now + 10 });
    await expect(authenticate(secret)).resolves.toBeDefined();
    await expect(authenticate(next.secret)).resolves.toBeDefined();
    now += 10;
    await expect(authenticate(secret)).rejects.toEqual(refused(errors.KEY_EXPIRED));
    await expect(authenticate(next.secret)).resolves.toBeDefined();
  });

  it("notes its use once a minute", async () => {
    const { key, secret } = await stored();
    await authenticate(secret);
    now += 30_000;
    await authenticate(secret);
    expect((await store.find(key.id))?.lastUsed).toBe(100 * MINUTE);
    now += 30_000;
    await authenticate(secret);
    expect((await store.find(key.id))?.lastUsed).toBe(101 * MINUTE);
  });
});
