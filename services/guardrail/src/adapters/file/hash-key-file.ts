import { randomBytes } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** The file's name within the data folder. */
export const HASH_KEY_FILE = "guardrail-hash-key";
const KEY_BYTES = 32;

/**
 * The installation's key for hashes of personal data: from the setting, otherwise from `<data>/guardrail-hash-key`,
 * which the first start makes, readable by the owner alone. Of two that start at once, one makes it for both.
 * @throws when the file cannot be written or is damaged: other hashes than yesterday's would go unnoticed
 */
export async function hashKey(setting: string | undefined, dataDirectory: string): Promise<Uint8Array> {
  if (setting !== undefined) return Buffer.from(setting, "utf8");
  const file = join(dataDirectory, HASH_KEY_FILE);
  const existing = await readIfThere(file);
  if (existing === undefined) await create(file);
  const key = Buffer.from((existing ?? (await readFile(file, "utf8"))).trim(), "hex");
  if (key.length !== KEY_BYTES) throw new Error(`${HASH_KEY_FILE} in the data folder is damaged.`);
  return key;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

// Complete before it has its name; who comes second keeps the first one's.
async function create(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}.draft`;
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString("hex")}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
