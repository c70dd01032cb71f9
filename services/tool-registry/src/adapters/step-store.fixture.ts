/** What the contract tests need besides a store: a clock that only they move, and a way to come back after an end. */
import { join } from "node:path";
import { openDatabase } from "@agentmesh/state";
import { type ContractEngine, temporaryDirectory } from "@agentmesh/state/testing";
import type { StepClaim, StepStore } from "../domain/step-store.ts";
import { migrations } from "./sqlite/schema.ts";
import { SqliteStepStore } from "./sqlite/step-store.ts";

/** A store under test. */
export interface StoreUnderTest {
  readonly store: StepStore;
  /** The store's clock, milliseconds since the epoch. */
  now: number;
  /** The process dies and another one takes over, after every lease has ended. */
  restart(): Promise<void>;
}

/** The SQLite engine, on a file of its own. */
export const sqliteEngine: ContractEngine<StoreUnderTest> = {
  name: "sqlite",
  async open() {
    const folder = temporaryDirectory();
    const openFile = () => openDatabase({ file: join(folder.path, "tools.db"), synchronous: "normal", migrations });
    let database = openFile();
    let store = await SqliteStepStore.open(database, () => subject.now);
    const subject: StoreUnderTest = {
      get store() {
        return store;
      },
      now: Date.UTC(2026, 10, 21),
      async restart() {
        await database.close();
        database = openFile();
        store = await SqliteStepStore.open(database, () => subject.now);
      },
    };
    const close = async () => {
      await database.close();
      folder.remove();
    };
    return { store: subject, close };
  },
};

/** A claim of a tool with effects, leased for 10 s, with changes. */
export function claimOf(changes: Partial<StepClaim> = {}): StepClaim {
  return {
    tenant: "acme",
    runId: "r1",
    stepKey: "turn-1/act-1",
    user: "ann",
    tool: "send",
    hash: "h1",
    idempotent: false,
    leaseMs: 10_000,
    ...changes,
  };
}
