import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Database, openDatabase } from "@agentmesh/state";
import { type TemporaryDirectory, temporaryDirectory } from "@agentmesh/state/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseSecret, sameHash } from "../../domain/keys/secret.ts";
import { migrations } from "../sqlite/migrations.ts";
import { SqliteKeyStore } from "../sqlite/sqlite-key-store.ts";
import { ADMIN_KEY_FILE, ensureAdminKey } from "./admin-key-file.ts";

let folder: TemporaryDirectory;
let database: Database;
let store: SqliteKeyStore;

beforeEach(() => {
  folder = temporaryDirectory();
  database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  store = new SqliteKeyStore(database);
});
afterEach(async () => {
  await database.close();
  folder.remove();
});

const ensure = () => ensureAdminKey({ store, dataDirectory: folder.path, clock: () => 5_000 });
const read = () => readFileSync(join(folder.path, ADMIN_KEY_FILE), "utf8");

describe("the admin key", () => {
  it("is made by the first start, for the owner's eyes only", async () => {
    const file = await ensure();
    expect(file).toBe(join(folder.path, ADMIN_KEY_FILE));
    expect(statSync(file!).mode & 0o777).toBe(0o600);
    const { id, hash } = parseSecret(read().trim())!;
    const key = await store.find(id);
    expect(key).toMatchObject({ tenant: "default", user: "admin", scopes: ["*"] });
    expect(sameHash(key!.hash, hash)).toBe(true);
    expect(readdirSync(folder.path)).toEqual([ADMIN_KEY_FILE]);
  });

  it("is not made again, also when its file was taken away", async () => {
    await ensure();
    const before = read();
    expect(await ensure()).toBeUndefined();
    expect(read()).toBe(before);
  });

  it("replaces a file of a start that died before the key was stored", async () => {
    writeFileSync(join(folder.path, ADMIN_KEY_FILE), "am_lost", { mode: 0o644 });
    await ensure();
    expect(parseSecret(read().trim())).toBeDefined();
    expect(statSync(join(folder.path, ADMIN_KEY_FILE)).mode & 0o777).toBe(0o600);
  });
});
