/** What the contract tests need besides a store: a clock that only they move, and a way to come back after an end. */
import { join } from "node:path";
import { openDatabase } from "@agentmesh/state";
import { type ContractEngine, temporaryDirectory } from "@agentmesh/state/testing";
import type { Attribution, Payer } from "../domain/charge.ts";
import { NO_TOKENS } from "../domain/charge.ts";
import type { HoldCommand, HoldsStore, SettleCommand } from "../domain/holds-store.ts";
import type { DefaultLimits } from "../domain/limits.ts";
import { SqliteHoldsStore } from "./sqlite/holds-store.ts";
import { migrations } from "./sqlite/schema.ts";

/** A store under test. */
export interface StoreUnderTest {
  readonly store: HoldsStore;
  /** The store's clock, milliseconds since the epoch. */
  now: number;
  /** The limits of the settings; a test may change them before its first hold. */
  readonly limits: { -readonly [Name in keyof DefaultLimits]: number };
  /** The process ends and another one takes over. */
  reopen(): Promise<void>;
}

/** 2026-11-21T12:00:00Z, a Saturday. */
export const noon = Date.UTC(2026, 10, 21, 12);
/** A nine millionth of the largest amount: one dollar. */
export const usd = 1_000_000_000;

/** The SQLite engine, on a file of its own. */
export const sqliteEngine: ContractEngine<StoreUnderTest> = {
  name: "sqlite",
  async open() {
    const folder = temporaryDirectory();
    const file = join(folder.path, "cost.db");
    const openFile = () => openDatabase({ file, synchronous: "normal", migrations });
    const limits = {
      request: 100 * usd,
      keyMonth: 100 * usd,
      userDay: 100 * usd,
      tenantMonth: 100 * usd,
      globalDay: 100 * usd,
    };
    let database = openFile();
    const clock = () => subject.now;
    const storeOf = () => new SqliteHoldsStore({ database, clock, limits, runRetentionMs: 30 * 86_400_000 });
    let store = storeOf();
    const subject: StoreUnderTest = {
      get store() {
        return store;
      },
      now: noon,
      limits,
      async reopen() {
        await database.close();
        database = openFile();
        store = storeOf();
      },
    };
    const close = async () => {
      await database.close();
      folder.remove();
    };
    return { store: subject, close };
  },
};

/** Ann of acme with key k1. */
export const ann: Payer = { tenant: "acme", user: "ann", keyId: "k1" };
/** A direct model call. */
export const modelCall: Attribution = { agentId: "", runId: "", type: "model", resource: "gpt" };

/** A hold of one dollar by ann for a minute, with changes. */
export function holdOf(holdId: string, changes: Partial<HoldCommand> = {}): HoldCommand {
  const timeToLiveMs = 60_000;
  return { holdId, payer: ann, attribution: modelCall, amount: usd, runLimit: undefined, timeToLiveMs, ...changes };
}

/** A settlement of acme with an exact amount, with changes. */
export function settlementOf(holdId: string, amount: number, changes: Partial<SettleCommand> = {}): SettleCommand {
  return { tenant: ann.tenant, holdId, amount, tokens: NO_TOKENS, estimated: false, ...changes };
}
