/** Helpers for tests of stores: one suite per port, run through every engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe } from "vitest";

/** A store under test and how to get rid of it. */
export interface OpenedEngine<Store> {
  readonly store: Store;
  close(): Promise<void>;
}

/** One engine that implements the port. */
export interface ContractEngine<Store> {
  /** "sqlite", "redis". */
  readonly name: string;
  /** Opens an empty store of its own: a fresh file, a fresh key prefix. */
  open(): Promise<OpenedEngine<Store>>;
}

/**
 * Runs the same tests against every engine. Stores opened through `open` are closed after each test.
 *
 *     describeContract("hold store", [sqliteEngine], (open) => {
 *       it("admits nothing beyond a limit", async () => { const store = await open(); … });
 *     });
 */
export function describeContract<Store>(
  name: string,
  engines: readonly ContractEngine<Store>[],
  tests: (open: () => Promise<Store>) => void,
): void {
  describe.each(engines.map((engine) => [engine.name, engine] as const))(`${name} on %s`, (_engineName, engine) => {
    const opened: OpenedEngine<Store>[] = [];
    afterEach(async () => {
      for (const { close } of opened.splice(0)) await close();
    });
    tests(async () => {
      const instance = await engine.open();
      opened.push({ store: instance.store, close: () => instance.close() });
      return instance.store;
    });
  });
}

/** A folder that is removed when disposed: `using folder = temporaryDirectory();`. */
export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  remove(): void;
}

/** Makes an empty folder in the system's place for temporary files. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), "agentmesh-"));
  const remove = () => rmSync(path, { recursive: true, force: true });
  return { path, remove, [Symbol.dispose]: remove };
}
