/** At most once, whatever happens: random repeats, crashes between lease and result, leases that end. */
import { openDatabase } from "@agentmesh/state";
import fc from "fast-check";
import { expect, it } from "vitest";
import { migrations } from "../adapters/sqlite/schema.ts";
import { SqliteStepStore } from "../adapters/sqlite/step-store.ts";
import { executorOf, requestOf, SteeredTool, scopeOf } from "./executor.fixture.ts";
import type { StepStore } from "./step-store.ts";

const steps = ["s1", "s2", "s3"];
const moment = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("call" as const), step: fc.constantFrom(...steps) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.nat(100_000) }) },
);

/** A store whose process can die: then nothing that is under way reaches it or hears from it any more. */
class MortalStore implements StepStore {
  readonly #store: StepStore;
  #dead = false;

  constructor(store: StepStore) {
    this.#store = store;
  }

  die(): void {
    this.#dead = true;
  }

  claim: StepStore["claim"] = (step) => this.#whileAlive(() => this.#store.claim(step));
  complete: StepStore["complete"] = (step, fence, result) =>
    this.#whileAlive(() => this.#store.complete(step, fence, result));
  abandon: StepStore["abandon"] = (step, fence) => this.#whileAlive(() => this.#store.abandon(step, fence));
  trim: StepStore["trim"] = (before) => this.#whileAlive(() => this.#store.trim(before));

  async #whileAlive<T>(action: () => Promise<T>): Promise<T> {
    const value = this.#dead ? undefined : await action();
    return this.#dead ? new Promise<T>(() => {}) : (value as T);
  }
}

/** Processes that follow each other on one database. */
class Lives {
  readonly started: string[] = [];
  readonly answers: { step: string; content: string }[] = [];
  readonly #database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  readonly #idempotent: boolean;
  readonly #now: () => number;
  #store: MortalStore | undefined;
  #executor!: ReturnType<typeof executorOf>;
  #tool!: SteeredTool;

  constructor(idempotent: boolean, now: () => number) {
    this.#idempotent = idempotent;
    this.#now = now;
  }

  async begin(): Promise<void> {
    this.#store?.die();
    this.#store = new MortalStore(await SqliteStepStore.open(this.#database, this.#now));
    this.#tool = new SteeredTool({ idempotent: this.#idempotent });
    const { execute } = this.#tool.tool;
    const counting = (invocation: Parameters<typeof execute>[0]) => {
      this.started.push(invocation.stepId);
      return execute(invocation);
    };
    this.#executor = executorOf(this.#store, [{ ...this.#tool.tool, execute: counting }]);
  }

  call(step: string): void {
    this.#executor.execute(requestOf({ stepKey: step }), scopeOf()).then(
      ({ result }) => this.answers.push({ step, content: result.content }),
      () => undefined,
    );
  }

  async endOldest(content: string): Promise<void> {
    await nextTurns();
    this.#tool.end(content);
    await nextTurns();
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** Lets groups commit and promises settle. */
async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

it.each([true, false])(
  "runs each step at most once in a life and answers it one way (idempotent: %s)",
  async (idempotent) => {
    const property = fc.asyncProperty(fc.array(moment, { minLength: 5, maxLength: 30 }), async (moments) => {
      let now = Date.UTC(2026, 10, 21);
      const lives = new Lives(idempotent, () => now);
      await lives.begin();
      let crashes = 0;
      for (const [index, next] of moments.entries()) {
        if (next.kind === "call") lives.call(next.step);
        if (next.kind === "end") await lives.endOldest(`answer ${index}`);
        if (next.kind === "time") now += next.ms;
        if (next.kind !== "crash") continue;
        crashes++;
        await lives.begin();
      }
      for (let n = 0; n < 6; n++) await lives.endOldest(`last ${n}`);
      await lives.close();
      for (const [, starts] of Map.groupBy(lives.started, (stepId) => stepId)) {
        expect(starts.length).toBeLessThanOrEqual(idempotent ? crashes + 1 : 1);
      }
      for (const [, answers] of Map.groupBy(lives.answers, ({ step }) => step)) {
        expect(new Set(answers.map(({ content }) => content)).size).toBe(1);
      }
    });
    await fc.assert(property, { numRuns: 30 });
  },
);
