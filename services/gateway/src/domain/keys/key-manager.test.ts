import { type Database, openDatabase } from "@agentmesh/state";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { migrations } from "../../adapters/sqlite/migrations.ts";
import { SqliteKeyStore } from "../../adapters/sqlite/sqlite-key-store.ts";
import { errors } from "../../errors.ts";
import { KeyManager } from "./key-manager.ts";
import type { KeyWish } from "./key-rules.ts";
import { caller, someKey } from "./keys.fixture.ts";
import { parseSecret, sameHash } from "./secret.ts";

let database: Database;
let store: SqliteKeyStore;
let keys: KeyManager;
let changes: string[];

beforeEach(() => {
  database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  store = new SqliteKeyStore(database);
  changes = [];
  keys = new KeyManager({ store, clock: () => 5_000, onChange: (_key, change) => void changes.push(change) });
});
afterEach(() => database.close());

const wish: KeyWish = { name: "ci", user: "", scopes: ["agents:run"], timeToLiveMs: undefined, requestsPerMinute: 0 };
const refused = (error: { is(thrown: unknown): boolean }) => expect.toSatisfy((thrown) => error.is(thrown));

describe("the tenant's keys", () => {
  it("shows a secret once and stores only its hash", async () => {
    const { key, secret } = await keys.create(caller("*"), wish);
    expect(secret).toMatch(new RegExp(`^am_${key.id}_[0-9a-f]{64}$`));
    const stored = await store.find(key.id);
    expect(sameHash(stored!.hash, parseSecret(secret)!.hash)).toBe(true);
    expect(JSON.stringify(stored)).not.toContain(secret.split("_")[2]);
    expect(key).toMatchObject({ tenant: "acme", user: "ann" });
  });

  it("grants no scope that its maker lacks", async () => {
    const few = caller("keys:admin", "agents:run");
    await expect(keys.create(few, { ...wish, scopes: ["agents:run", "models:use"] })).rejects.toEqual(
      refused(errors.SCOPE_NOT_HELD),
    );
    await expect(keys.create(few, { ...wish, scopes: ["*"] })).rejects.toEqual(refused(errors.SCOPE_NOT_HELD));
    await expect(keys.create(few, wish)).resolves.toBeDefined();
  });

  it("gives nobody a stronger key by rotating it", async () => {
    const { key } = await keys.create(caller("*"), { ...wish, scopes: ["*"] });
    await expect(keys.rotate(caller("keys:admin"), key.id, 0)).rejects.toEqual(refused(errors.SCOPE_NOT_HELD));
  });

  it.each<[string, Partial<KeyWish>]>([
    ["name", { name: " " }],
    ["name", { name: "x".repeat(129) }],
    ["name", { name: "a\u202eb" }],
    ["user", { user: "x".repeat(129) }],
    ["scopes", { scopes: [] }],
    ["scopes[1]", { scopes: ["agents:run", "Agents Run"] }],
    ["time_to_live", { timeToLiveMs: 59_999 }],
    ["time_to_live", { timeToLiveMs: -1 }],
    ["time_to_live", { timeToLiveMs: Number.NaN }],
    ["requests_per_minute", { requestsPerMinute: -1 }],
    ["requests_per_minute", { requestsPerMinute: 1_000_001 }],
  ])("names the field that is wrong: %s in %o", async (field, change) => {
    const error = await keys.create(caller("*"), { ...wish, ...change }).catch((thrown) => thrown);
    expect(errors.INVALID_KEY_REQUEST.is(error)).toBe(true);
    expect(error.occurrence.fields[0].field).toBe(field);
  });

  it("does not tell other tenants that a key exists", async () => {
    const { key } = someKey({ tenant: "other" });
    await store.insert(key, { most: 10, endedBefore: 0 });
    await expect(keys.revoke(caller("*"), key.id)).rejects.toEqual(refused(errors.KEY_NOT_FOUND));
    await expect(keys.rotate(caller("*"), key.id, 0)).rejects.toEqual(refused(errors.KEY_NOT_FOUND));
    expect((await keys.list(caller("*"), { size: 10, after: undefined })).keys).toEqual([]);
  });

  it("does not rotate what has ended, and bounds the grace", async () => {
    const { key } = await keys.create(caller("*"), wish);
    await expect(keys.rotate(caller("*"), key.id, 7 * 86_400_000 + 1)).rejects.toEqual(
      refused(errors.INVALID_KEY_REQUEST),
    );
    await expect(keys.rotate(caller("*"), key.id, -1)).rejects.toEqual(refused(errors.INVALID_KEY_REQUEST));
    await keys.revoke(caller("*"), key.id);
    await expect(keys.rotate(caller("*"), key.id, 0)).rejects.toEqual(refused(errors.KEY_ENDED));
    const expired = someKey({ expires: 4_999 }).key;
    await store.insert(expired, { most: 10, endedBefore: 0 });
    await expect(keys.rotate(caller("*"), expired.id, 0)).rejects.toEqual(refused(errors.KEY_ENDED));
  });

  it("revokes as often as one likes and logs it once", async () => {
    const { key } = await keys.create(caller("*"), wish);
    expect(await keys.revoke(caller("*"), key.id)).toMatchObject({ revoked: 5_000 });
    expect(await keys.revoke(caller("*"), key.id)).toMatchObject({ revoked: 5_000 });
    expect(changes).toEqual(["created", "revoked"]);
  });
});
