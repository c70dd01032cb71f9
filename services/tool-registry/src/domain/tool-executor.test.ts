import { openDatabase } from "@agentmesh/state";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { migrations } from "../adapters/sqlite/schema.ts";
import { SqliteStepStore } from "../adapters/sqlite/step-store.ts";
import { ann, executorOf, requestOf, SteeredTool, scopeOf } from "./executor.fixture.ts";
import type { Tool } from "./tool.ts";
import { ToolFailure } from "./tool-failure.ts";

let database: ReturnType<typeof openDatabase>;
let store: SqliteStepStore;
let now = Date.UTC(2026, 10, 21);

beforeEach(async () => {
  database = openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  store = await SqliteStepStore.open(database, () => now);
});
afterEach(() => database.close());

const reason = (wanted: string) => expect.objectContaining({ reason: wanted });
const quick = (execute: Tool["execute"], changes: Partial<Tool> = {}) => new SteeredTool({ execute, ...changes }).tool;

describe.each([true, false])("executing a tool that is idempotent: %s", (idempotent) => {
  it("runs once and answers a repeat with what was recorded", async () => {
    const execute = vi.fn(() => "done");
    const executor = executorOf(store, [quick(execute, { idempotent })]);
    expect(await executor.execute(requestOf(), scopeOf())).toEqual({
      result: { content: "done", error: undefined },
      replayed: false,
    });
    expect(await executor.execute(requestOf(), scopeOf())).toEqual({
      result: { content: "done", error: undefined },
      replayed: true,
    });
    expect(execute).toHaveBeenCalledTimes(1);
  });

  it("lets a concurrent repeat join the call that is running", async () => {
    const steered = new SteeredTool({ idempotent });
    const executor = executorOf(store, [steered.tool]);
    const first = executor.execute(requestOf(), scopeOf());
    const early = executor.execute(requestOf(), scopeOf());
    await steered.begun();
    const late = executor.execute(requestOf(), scopeOf());
    steered.end("done");
    expect((await first).replayed).toBe(false);
    expect(await early).toEqual({ result: { content: "done", error: undefined }, replayed: true });
    expect(await late).toEqual({ result: { content: "done", error: undefined }, replayed: true });
    expect(steered.invocations).toHaveLength(1);
  });

  it("refuses the same step with other arguments or for another user, running or recorded", async () => {
    const steered = new SteeredTool({ idempotent });
    const executor = executorOf(store, [steered.tool]);
    const other = requestOf({ argumentsJson: '{"n":2}' });
    const first = executor.execute(requestOf(), scopeOf());
    await steered.begun();
    await expect(executor.execute(other, scopeOf())).rejects.toEqual(reason("STEP_CONFLICT"));
    steered.end("done");
    await first;
    await expect(executor.execute(other, scopeOf())).rejects.toEqual(reason("STEP_CONFLICT"));
    await expect(executor.execute(requestOf(), scopeOf({ ...ann, user: "bob" }))).rejects.toEqual(
      reason("STEP_CONFLICT"),
    );
  });

  it("records what a tool says about its failure, and nothing of an unexpected one", async () => {
    const failing = quick(() => Promise.reject(new ToolFailure("Use a smaller number.")), { idempotent });
    const broken = quick(
      () => {
        throw new Error("secret detail");
      },
      { idempotent, name: "broken" },
    );
    const executor = executorOf(store, [failing, broken]);
    const told = { content: "Use a smaller number.", error: "TOOL_FAILED" };
    expect((await executor.execute(requestOf(), scopeOf())).result).toEqual(told);
    expect(await executor.execute(requestOf(), scopeOf())).toEqual({ result: told, replayed: true });
    const { result } = await executor.execute(requestOf({ tool: "broken", stepKey: "s2" }), scopeOf());
    expect(result).toMatchObject({ error: "TOOL_FAILED" });
    expect(result.content).not.toContain("secret");
  });

  it("ends a tool that takes too long, tells it so, and records the time-out", async () => {
    const steered = new SteeredTool({ idempotent, timeoutMs: 20 });
    const executor = executorOf(store, [steered.tool]);
    const call = executor.execute(requestOf(), scopeOf());
    await steered.begun();
    const { signal } = steered.invocations[0]!.scope;
    const { result } = await call;
    expect(result).toMatchObject({ error: "TOOL_TIMEOUT" });
    expect(result.content.includes("unknown")).toBe(!idempotent);
    expect(signal.aborted).toBe(true);
    steered.end(new Error("too late, and not to be unhandled"));
    expect(await executor.execute(requestOf(), scopeOf())).toEqual({ result, replayed: true });
  });

  it("turns a result that is too long into an error", async () => {
    const executor = executorOf(store, [quick(() => "ü".repeat(200_000), { idempotent })]);
    expect((await executor.execute(requestOf(), scopeOf())).result.error).toBe("RESULT_TOO_LARGE");
  });

  it("gives a later repeat what it needs when the result could not be stored", async () => {
    const steered = new SteeredTool({ idempotent });
    const executor = executorOf(store, [steered.tool]);
    const first = executor.execute(requestOf(), scopeOf());
    await steered.begun();
    await database.close();
    steered.end("done");
    await expect(first).rejects.toEqual(reason("STORAGE_CLOSED"));
  });
});

describe("a caller that goes away", () => {
  it("interrupts an idempotent tool when nobody else waits, and leaves the step free", async () => {
    const steered = new SteeredTool({ idempotent: true });
    const executor = executorOf(store, [steered.tool]);
    const caller = new AbortController();
    const call = executor.execute(requestOf(), scopeOf(ann, caller.signal));
    await steered.begun();
    const { signal } = steered.invocations[0]!.scope;
    caller.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
    await executor.drain();
    expect(signal.aborted).toBe(true);
    const next = executorOf(store, [quick(() => "again", { idempotent: true })]);
    expect((await next.execute(requestOf(), scopeOf())).result.content).toBe("again");
  });

  it("interrupts nothing while others wait", async () => {
    const steered = new SteeredTool({ idempotent: true });
    const executor = executorOf(store, [steered.tool]);
    const callers = [new AbortController(), new AbortController(), new AbortController()];
    const calls = callers.map(({ signal }) => executor.execute(requestOf(), scopeOf(ann, signal)));
    await steered.begun();
    await vi.waitFor(() => expect(steered.invocations).toHaveLength(1));
    callers[0]!.abort(new Error("gone"));
    callers[1]!.abort(new Error("gone"));
    const settled = await Promise.allSettled(calls.slice(0, 2));
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    steered.end("done");
    expect((await calls[2]!).result.content).toBe("done");
  });

  it("interrupts when all go at the same moment", async () => {
    const steered = new SteeredTool({ idempotent: true });
    const executor = executorOf(store, [steered.tool]);
    const caller = new AbortController();
    const calls = [1, 2].map(() => executor.execute(requestOf(), scopeOf(ann, caller.signal)));
    await steered.begun();
    const { signal } = steered.invocations[0]!.scope;
    caller.abort(new Error("gone"));
    await Promise.allSettled(calls);
    await executor.drain();
    expect(signal.aborted).toBe(true);
  });

  it("does not stop a tool with effects: it runs on and its result is recorded", async () => {
    const steered = new SteeredTool();
    const executor = executorOf(store, [steered.tool]);
    const caller = new AbortController();
    const call = executor.execute(requestOf(), scopeOf(ann, caller.signal));
    await steered.begun();
    caller.abort(new Error("gone"));
    await expect(call).rejects.toThrow("gone");
    expect(steered.invocations[0]!.scope.signal.aborted).toBe(false);
    steered.end("sent");
    await executor.drain();
    const next = executorOf(store, [steered.tool]);
    expect(await next.execute(requestOf(), scopeOf())).toEqual({
      result: { content: "sent", error: undefined },
      replayed: true,
    });
  });
});

describe("what is refused before anything runs", () => {
  it("refuses unknown tools, missing scopes, wrong settings and calls without a principal", async () => {
    const { tool } = new SteeredTool({ requiredScope: "memory:write" });
    const executor = executorOf(store, [tool]);
    await expect(executor.execute(requestOf({ tool: "none" }), scopeOf())).rejects.toEqual(reason("TOOL_NOT_FOUND"));
    await expect(executor.execute(requestOf(), scopeOf())).rejects.toEqual(reason("TOOL_FORBIDDEN"));
    const all = scopeOf({ ...ann, scopes: ["*"] });
    await expect(executor.execute(requestOf({ settings: { x: 1 } }), all)).rejects.toEqual(reason("INVALID_SETTINGS"));
    const nobody = { ...scopeOf(), credential: undefined };
    await expect(executor.execute(requestOf(), nobody)).rejects.toEqual(reason("PRINCIPAL_REQUIRED"));
  });

  it("tells the model what is wrong with its arguments, runs nothing and records nothing", async () => {
    const execute = vi.fn(() => "done");
    const executor = executorOf(store, [quick(execute)]);
    const { result } = await executor.execute(requestOf({ argumentsJson: '{"n":"one"}' }), scopeOf());
    expect(result).toEqual({
      content:
        'steered does not accept these arguments: n: must be integer, not the string "one". Correct them and call it again.',
      error: "INVALID_ARGUMENTS",
    });
    expect(execute).not.toHaveBeenCalled();
    expect((await executor.execute(requestOf(), scopeOf())).replayed).toBe(false);
  });

  it("answers a lease of somebody else with the time until it ends", async () => {
    const { tool } = new SteeredTool();
    await store.claim({ ...(await claimOfRequest(tool)), leaseMs: 1_000 });
    const refused = await executorOf(store, [tool])
      .execute(requestOf(), scopeOf())
      .catch((error: unknown) => error);
    expect(refused).toEqual(reason("STEP_RUNNING"));
    expect(refused).toMatchObject({ occurrence: { retryAfterMs: 1_000 } });
    now += 1_000;
    await expect(executorOf(store, [tool]).execute(requestOf(), scopeOf())).rejects.toEqual(reason("UNCERTAIN"));
  });
});

describe("stopping", () => {
  it("waits for what runs, refuses what is new, and interrupts what may run again", async () => {
    const steered = new SteeredTool({ idempotent: true });
    const executor = executorOf(store, [steered.tool]);
    const call = executor.execute(requestOf(), scopeOf());
    await steered.begun();
    const drained = executor.drain();
    await expect(executor.execute(requestOf({ stepKey: "s2" }), scopeOf())).rejects.toEqual(reason("INTERRUPTED"));
    executor.stop();
    await expect(call).rejects.toEqual(reason("INTERRUPTED"));
    await drained;
  });
});

/** The claim that the executor makes for `requestOf()`: seen at a store that only listens. */
async function claimOfRequest(tool: Tool) {
  type Claim = Parameters<SqliteStepStore["claim"]>[0];
  const { promise, resolve } = Promise.withResolvers<Claim>();
  const listening = {
    claim: async (claim: Claim) => {
      resolve(claim);
      return { kind: "uncertain" } as const;
    },
    complete: async () => false,
    abandon: async () => {},
    trim: async () => false,
  };
  await executorOf(listening, [tool])
    .execute(requestOf(), scopeOf())
    .catch(() => undefined);
  return promise;
}
