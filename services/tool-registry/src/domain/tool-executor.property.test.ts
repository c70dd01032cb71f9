/** At most once, whatever happens: random repeats, crashes between lease and result, leases that end. */
import { join } from "node:path";
import { openDatabase } from "@agentmesh/state";
import { temporaryDirectory } from "@agentmesh/state/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { migrations } from "../adapters/sqlite/schema.ts";
import { SqliteStepStore } from "../adapters/sqlite/step-store.ts";
import { executorOf, requestOf, SteeredTool, scopeOf } from "./executor.fixture.ts";

const steps = ["s1", "s2", "s3"];
const moment = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("call" as const), step: fc.constantFrom(...steps) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.nat(100_000) }) },
);

/** A process: it can die at any moment, and then nothing of it reaches the store any more. */
class MortalProcess {
  readonly #file: string;
  readonly #now: () => number;
  readonly started: string[] = [];
  readonly answers: { step: string; content: string }[] = [];
  #database!: ReturnType<typeof openDatabase>;
  #executor!: ReturnType<typeof executorOf>;
  #tool!: SteeredTool;

  constructor(file: string, now: () => number) {
    this.#file = file;
    this.#now = now;
  }

  async start(idempotent: boolean): Promise<void> {
    this.#database = openDatabase({ file: this.#file, synchronous: "normal", migrations });
    const tool = new SteeredTool({ idempotent });
    const { execute } = tool.tool;
    const counted = {
      ...tool.tool,
      execute: (invocation: Parameters<typeof execute>[0]) => {
        this.started.push(invocation.stepId);
        return execute(invocation);
      },
    };
    this.#tool = tool;
    this.#executor = executorOf(await SqliteStepStore.open(this.#database, this.#now), [counted]);
  }

  call(step: string): Promise<void> {
    return this.#executor.execute(requestOf({ stepKey: step }), scopeOf()).then(
      ({ result }) => void this.answers.push({ step, content: result.content }),
      () => undefined,
    );
  }

  async end(content: string): Promise<void> {
    await new Promise(setImmediate);
    this.#tool.end(content);
    await new Promise(setImmediate);
  }

  /** Closed like killed: what was not stored is lost, and running tools end into nothing. */
  async crash(): Promise<void> {
    await this.#database.close();
  }
}

it.each([true, false])(
  "runs each step at most once at a time and answers it one way (idempotent: %s)",
  async (idempotent) => {
    const property = fc.asyncProperty(fc.array(moment, { minLength: 5, maxLength: 30 }), async (moments) => {
      using folder = temporaryDirectory();
      let now = Date.UTC(2026, 10, 21);
      const mortal = new MortalProcess(join(folder.path, "tools.db"), () => now);
      await mortal.start(idempotent);
      let crashes = 0;
      const calls: Promise<void>[] = [];
      for (const [index, next] of moments.entries()) {
        if (next.kind === "call") calls.push(mortal.call(next.step));
        if (next.kind === "end") await mortal.end(`answer ${index}`);
        if (next.kind === "time") now += next.ms;
        if (next.kind !== "crash") continue;
        crashes++;
        await mortal.crash();
        await mortal.start(idempotent);
      }
      for (let n = 0; n < 10; n++) await mortal.end(`last ${n}`);
      await mortal.crash();
      const perStep = Map.groupBy(mortal.started, (stepId) => stepId);
      for (const [, starts] of perStep) expect(starts.length).toBeLessThanOrEqual(idempotent ? crashes + 1 : 1);
      for (const [, answers] of Map.groupBy(mortal.answers, ({ step }) => step)) {
        expect(new Set(answers.map(({ content }) => content)).size).toBe(1);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  },
);
