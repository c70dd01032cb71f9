import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { HASH_KEY_FILE, hashKey } from "./hash-key-file.ts";

function folder(): string {
  const made = temporaryDirectory();
  onTestFinished(() => made.remove());
  return made.path;
}

describe("the key for hashes of personal data", () => {
  it("is made once per installation and kept for the owner alone", async () => {
    const data = folder();
    const [first, second] = await Promise.all([hashKey(undefined, data), hashKey(undefined, data)]);
    expect(first).toHaveLength(32);
    expect(second).toEqual(first);
    expect(await hashKey(undefined, data)).toEqual(first);
    expect(statSync(join(data, HASH_KEY_FILE)).mode & 0o077).toBe(0);
    expect(await hashKey(undefined, folder())).not.toEqual(first);
  });

  it("comes from the setting when that is set", async () => {
    expect(Buffer.from(await hashKey("a secret of sixteen", folder())).toString()).toBe("a secret of sixteen");
  });

  it("is never replaced when the file is damaged", async () => {
    const data = folder();
    writeFileSync(join(data, HASH_KEY_FILE), "abc");
    await expect(hashKey(undefined, data)).rejects.toThrow("damaged");
  });
});
