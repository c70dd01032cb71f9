import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { issueAdminKey } from "../../domain/keys/key-manager.ts";
import type { KeyStore } from "../../domain/keys/key-store.ts";

/** Where the first key is written. */
export interface AdminKeyOptions {
  readonly store: KeyStore;
  readonly dataDirectory: string;
  readonly clock: () => number;
}

/** The file's name within the data folder. */
export const ADMIN_KEY_FILE = "admin-key";

/**
 * On the first start makes a key that may do everything and writes its secret to `<data>/admin-key`, readable by the
 * owner alone. The file comes first: a start that dies in between leaves no key that nobody knows, and the next
 * start begins again. @returns the file's path when a key was made
 */
export async function ensureAdminKey({ store, dataDirectory, clock }: AdminKeyOptions): Promise<string | undefined> {
  if (!(await store.isEmpty())) return undefined;
  const { issued, stored } = issueAdminKey(clock());
  const file = join(dataDirectory, ADMIN_KEY_FILE);
  await writePrivately(file, `${issued.secret}\n`);
  await store.insert(stored, { most: 1, endedBefore: 0 });
  return file;
}

async function writePrivately(file: string, content: string): Promise<void> {
  const draft = `${file}.${process.pid}.draft`;
  await rm(draft, { force: true });
  const handle = await open(draft, "wx", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
