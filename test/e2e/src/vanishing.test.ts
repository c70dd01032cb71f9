import { randomUUID } from "node:crypto";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { eventually } from "./harness/eventually.ts";
import { failureOf } from "./harness/failure.ts";
import { promptOf } from "./harness/messages.ts";
import type { Person } from "./harness/person.ts";
import { answerOf } from "./harness/runs.ts";
import { calculate, script } from "./harness/scripts.ts";

const ended: ReadonlySet<RunStatus> = new Set([RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]);

/** The only run of a person, once it has ended. */
async function lastRunOf({ agents }: Person) {
  const only = async () => (await agents.listRuns({})).runs[0];
  const run = await eventually(only, (found) => found !== undefined && ended.has(found.status));
  return (await agents.getRun({ runId: run?.id ?? "" })).run;
}

/** Streams a run and goes away at its first delta of text. */
async function leaveInTheMiddle({ agents }: Person, run: { agentId: string; input: string; idempotencyKey?: string }) {
  const leaving = new AbortController();
  const reading = (async () => {
    for await (const { event } of agents.streamRun({ run }, { signal: leaving.signal })) {
      if (event?.event.case === "textDelta") leaving.abort();
    }
  })();
  expect(await failureOf(reading)).toMatchObject({ code: "Canceled" });
}

const longAnswer = script(calculate("3 * 4"), { text: "Twelve. ".repeat(12) });

describeMesh("a client that vanishes in the middle of a stream", {}, (mesh) => {
  it("takes its run with it", async () => {
    const person = await mesh().person();
    await leaveInTheMiddle(person, { agentId: "drip", input: longAnswer });
    expect(await lastRunOf(person)).toMatchObject({ status: RunStatus.CANCELLED });
  });

  it("finds its run finished when it had an idempotency key", async () => {
    const person = await mesh().person();
    const run = { agentId: "drip", input: longAnswer, idempotencyKey: randomUUID() };
    await leaveInTheMiddle(person, run);
    const { run: found } = await person.agents.run({ run });
    expect(found).toMatchObject({ status: RunStatus.SUCCEEDED });
    expect(answerOf(found)).toContain("Twelve.");
    expect((await person.agents.listRuns({})).runs).toHaveLength(1);
  });

  it("over HTTP takes its run with it as well", async () => {
    const person = await mesh().person();
    const leaving = new AbortController();
    const response = await fetch(`${mesh().url}/v1/chat/completions`, {
      method: "POST",
      signal: leaving.signal,
      headers: { authorization: `Bearer ${person.secret}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "agent/drip", stream: true, messages: [{ role: "user", content: longAnswer }] }),
    });
    expect((await response.body?.getReader().read())?.done).toBe(false);
    leaving.abort();
    expect(await lastRunOf(person)).toMatchObject({ status: RunStatus.CANCELLED });
  });

  it.each([
    ["a run over Connect", "/agentmesh.gateway.v1.AgentService/Run", { run: { agentId: "slow", input: "Think." } }],
    ["a chat", "/v1/chat/completions", { model: "agent/slow", messages: [{ role: "user", content: "Think." }] }],
  ])("while it waits for %s takes its run with it", async (_what, path, body) => {
    const person = await mesh().person();
    const leaving = new AbortController();
    const waiting = fetch(`${mesh().url}${path}`, {
      method: "POST",
      signal: leaving.signal,
      headers: { authorization: `Bearer ${person.secret}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const runs = async () => (await person.agents.listRuns({})).runs;
    await eventually(runs, (found) => found.some(({ status }) => status === RunStatus.RUNNING));
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    expect(await lastRunOf(person)).toMatchObject({ status: RunStatus.CANCELLED });
  });

  it("of a model has paid for what was written until then, marked as an estimate", async () => {
    const person = await mesh().person();
    const leaving = new AbortController();
    const prompt = promptOf(
      longAnswer.replace(/^[\s\S]*?\[/, (head) => head),
      { model: "simulator-small+tps=20" },
    );
    const reading = (async () => {
      for await (const { event } of person.models.streamGenerate({ prompt }, { signal: leaving.signal })) {
        if (event?.event.case === "textDelta") leaving.abort();
      }
    })();
    expect(await failureOf(reading)).toMatchObject({ code: "Canceled" });
    const total = async () => (await person.usage.getUsage({ user: person.user })).total;
    const spent = await eventually(total, (sum) => (sum?.charges ?? 0n) === 1n);
    expect(spent?.estimated?.nanoUsd).toBe(spent?.amount?.nanoUsd);
    expect(spent?.amount?.nanoUsd).toBeGreaterThan(0n);
    const { simulator } = mesh();
    await eventually(
      () =>
        simulator.requests
          .filter(({ model }) => model === "simulator-small+tps=20")
          .every(({ outcome }) => outcome === "gone"),
      (gone) => gone,
    );
  });
});

describeMesh("a deadline", {}, (mesh) => {
  it("of 1 ms ends in time or as DEADLINE_EXCEEDED, and leaves nothing half done", async () => {
    const person = await mesh().person();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const run = { agentId: "assistant", input: `What is ${attempt} + 1?` };
      const failure = await failureOf(person.agents.run({ run }, { timeoutMs: 1 }));
      expect(failure.code).toBe("DeadlineExceeded");
    }
    const all = async () => (await person.agents.listRuns({ pageSize: 200 })).runs;
    const runs = await eventually(all, (found) => found.every(({ status }) => ended.has(status)));
    for (const { status } of runs) expect([RunStatus.CANCELLED, RunStatus.SUCCEEDED]).toContain(status);
  });

  it("that passes while a model thinks cancels the run", async () => {
    const person = await mesh().person();
    const call = person.agents.run({ run: { agentId: "slow", input: "Think." } }, { timeoutMs: 300 });
    expect(await failureOf(call)).toMatchObject({ code: "DeadlineExceeded" });
    expect(await lastRunOf(person)).toMatchObject({ status: RunStatus.CANCELLED });
  });

  it("of the run itself ends it as failed, with its own reason", async () => {
    const person = await mesh().person();
    const run = { agentId: "slow", input: "Think.", timeout: durationFromMs(300) };
    const { run: failed } = await person.agents.run({ run });
    expect(failed).toMatchObject({ status: RunStatus.FAILED, error: { reason: "RUN_TIMEOUT" } });
  });
});
