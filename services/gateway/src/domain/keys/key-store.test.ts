import { openDatabase } from "@agentmesh/state";
import { describeContract } from "@agentmesh/state/testing";
import { expect, it } from "vitest";
import { migrations } from "../../adapters/sqlite/migrations.ts";
import { SqliteKeyStore } from "../../adapters/sqlite/sqlite-key-store.ts";
import type { KeyStore } from "./key-store.ts";
import { someKey } from "./keys.fixture.ts";
import { newSecret } from "./secret.ts";

const sqlite = {
  name: "sqlite",
  async open() {
    const database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
    return { store: new SqliteKeyStore(database) as KeyStore, close: () => database.close() };
  },
};

describeContract("key store", [sqlite], (open) => {
  it("returns what was stored", async () => {
    const store = await open();
    const { key } = someKey({ scopes: ["*"], requestsPerMinute: 7, expires: 5_000 });
    expect(await store.isEmpty()).toBe(true);
    expect(await store.insert(key, { most: 10, endedBefore: 0 })).toBe(true);
    expect(await store.isEmpty()).toBe(false);
    const found = await store.find(key.id);
    expect({ ...found, hash: Buffer.from(found!.hash) }).toEqual({ ...key, hash: Buffer.from(key.hash) });
    expect(await store.find("0".repeat(16))).toBeUndefined();
  });

  it("stores no more keys of a tenant than it may have, revoked ones aside", async () => {
    const store = await open();
    const first = someKey().key;
    await store.insert(first, { most: 1, endedBefore: 0 });
    expect(await store.insert(someKey().key, { most: 1, endedBefore: 0 })).toBe(false);
    expect(await store.insert(someKey({ tenant: "other" }).key, { most: 1, endedBefore: 0 })).toBe(true);
    await store.revoke(first.id, 9);
    expect(await store.insert(someKey().key, { most: 1, endedBefore: 0 })).toBe(true);
  });

  it("counts no key that has expired, so that short-lived keys do not use up the number", async () => {
    const store = await open();
    await store.insert(someKey({ expires: 2_000 }).key, { most: 1, endedBefore: 0 });
    expect(await store.insert(someKey({ created: 1_999 }).key, { most: 1, endedBefore: 0 })).toBe(false);
    expect(await store.insert(someKey({ created: 2_000 }).key, { most: 1, endedBefore: 0 })).toBe(true);
  });

  it("forgets keys that ended long ago, of the same tenant only", async () => {
    const store = await open();
    const ended = [someKey({ expires: 1_500 }).key, someKey().key];
    const kept = [someKey({ expires: 2_000 }).key, someKey().key, someKey({ tenant: "other", expires: 1_500 }).key];
    for (const key of [...ended, ...kept]) await store.insert(key, { most: 100, endedBefore: 0 });
    await store.revoke(ended[1]!.id, 1_999);
    await store.insert(someKey().key, { most: 100, endedBefore: 2_000 });
    for (const { id } of ended) expect(await store.find(id)).toBeUndefined();
    for (const { id } of kept) expect(await store.find(id)).toBeDefined();
  });

  it("lists a tenant's keys newest first, each on one page, also those of the same instant", async () => {
    const store = await open();
    const keys = Array.from({ length: 7 }, (_, index) => someKey({ created: Math.floor(index / 3) }).key);
    for (const key of keys) await store.insert(key, { most: 100, endedBefore: 0 });
    await store.insert(someKey({ tenant: "other" }).key, { most: 100, endedBefore: 0 });
    const seen: string[] = [];
    let after: { created: number; id: string } | undefined;
    do {
      const page = await store.list("acme", { size: 2, after });
      seen.push(...page.keys.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    const expected = keys.toSorted((a, b) => b.created - a.created || (a.id < b.id ? 1 : -1)).map(({ id }) => id);
    expect(seen).toEqual(expected);
  });

  it("keeps the old secret beside the new one when a key is rotated", async () => {
    const store = await open();
    const { key } = someKey();
    await store.insert(key, { most: 10, endedBefore: 0 });
    const { hash } = newSecret(key.id);
    expect(await store.rotate({ id: key.id, hash, previousUntil: 99 })).toBe(true);
    const rotated = await store.find(key.id);
    expect(Buffer.from(rotated!.hash).equals(Buffer.from(hash))).toBe(true);
    expect(Buffer.from(rotated!.previous!.hash).equals(Buffer.from(key.hash))).toBe(true);
    expect(rotated!.previous!.until).toBe(99);
  });

  it("revokes once and never rotates a revoked key", async () => {
    const store = await open();
    const { key } = someKey();
    await store.insert(key, { most: 10, endedBefore: 0 });
    expect(await store.revoke(key.id, 5)).toBe(true);
    expect(await store.revoke(key.id, 6)).toBe(true);
    expect(await store.find(key.id)).toMatchObject({ revoked: 5 });
    expect(await store.rotate({ id: key.id, hash: newSecret(key.id).hash, previousUntil: 9 })).toBe(false);
    expect(await store.revoke("0".repeat(16), 5)).toBe(false);
  });

  it("announces rotation and revocation to everybody who still listens", async () => {
    const store = await open();
    const { key } = someKey();
    await store.insert(key, { most: 10, endedBefore: 0 });
    const heard: string[] = [];
    const stop = store.onChange((id) => heard.push(id));
    await store.rotate({ id: key.id, hash: newSecret(key.id).hash, previousUntil: 9 });
    await store.revoke(key.id, 5);
    stop();
    await store.revoke(key.id, 6);
    expect(heard).toEqual([key.id, key.id]);
  });
});
