import { randomUUID } from "node:crypto";
import { UsageGrouping } from "@agentmesh/contracts/cost/v1/cost";
import { type RunEvent, RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { eventually } from "./harness/eventually.ts";
import { failureOf } from "./harness/failure.ts";
import { shown } from "./harness/messages.ts";
import { answerIn, answerOf, eventsOf, journalOf, namesOf, streamedText } from "./harness/runs.ts";
import { calculate, script } from "./harness/scripts.ts";
import { allTopologies } from "./harness/topologies.ts";

describeMesh("runs", { topologies: allTopologies }, (mesh) => {
  it("report tokens and money, and usage shows the same", async () => {
    const { agents, usage } = await mesh().person();
    const { run } = await agents.run({ run: { agentId: "assistant", input: "What is 17 * 23?" } });
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED, agentId: "assistant", lastSeq: 6n });
    expect(answerOf(run)).toContain("391");
    expect(run?.models).toEqual([expect.stringContaining("simulator")]);
    expect(run?.usage?.inputTokens).toBeGreaterThan(0n);
    const spent = run?.cost?.nanoUsd ?? 0n;
    expect(spent).toBeGreaterThan(0n);
    const ofRun = await usage.getUsage({ runId: run?.id ?? "", groupBy: UsageGrouping.RESOURCE });
    expect(ofRun.total?.amount?.nanoUsd).toBe(spent);
    expect(ofRun.total?.usage).toMatchObject({
      inputTokens: run?.usage?.inputTokens,
      outputTokens: run?.usage?.outputTokens,
    });
    expect(ofRun.rows.map(({ key }) => key)).toEqual(expect.arrayContaining([expect.stringContaining("simulator")]));
  });

  it("stream their text with a position after the last recorded event", async () => {
    const { agents } = await mesh().person();
    const input = script(calculate("6 * 7"), { text: "It is forty-two, which has been known for a long time." });
    const events = await eventsOf(agents.streamRun({ run: { agentId: "scripted", input } }));
    expect(streamedText(events)).toBe(answerIn(events));
    let last = 0n;
    let index = 0;
    for (const { seq, afterSeq, index: position, event } of events) {
      if (seq > 0n) {
        expect(seq).toBe(last + 1n);
        [last, index] = [seq, 0];
      } else {
        expect(event.case).toBe("textDelta");
        expect({ afterSeq, position }).toEqual({ afterSeq: last, position: index });
        index += 1;
      }
    }
    expect(events.filter(({ event }) => event.case === "textDelta").length).toBeGreaterThan(1);
  });

  it("can be submitted, and watched to their end from any position", async () => {
    const { agents } = await mesh().person();
    const { run } = await agents.submitRun({ run: { agentId: "assistant", input: "What is 12 + 30?" } });
    const runId = run?.id ?? "";
    const whole = journalOf(await eventsOf(agents.watchRun({ runId })));
    expect(namesOf(whole).at(-1)).toBe("succeeded");
    expect(whole.map(({ seq }) => Number(seq))).toEqual(whole.map((_, index) => index + 1));
    const rest = journalOf(await eventsOf(agents.watchRun({ runId, afterSeq: 3n })));
    expect(rest).toEqual(whole.slice(3));
    expect(await eventsOf(agents.watchRun({ runId, afterSeq: BigInt(whole.length) }))).toEqual([]);
    expect(await failureOf(eventsOf(agents.watchRun({ runId, afterSeq: 1_000n })))).toMatchObject({
      code: "OutOfRange",
      reason: "INVALID_POSITION",
    });
  });

  it("can be watched on after a stream that broke, with the text so far and nothing twice", async () => {
    const { agents } = await mesh().person();
    const answer = "A long answer that is written word by word so that it lasts for a while.";
    const input = script(calculate("1 + 1"), { text: answer });
    const { run } = await agents.submitRun({ run: { agentId: "drip", input } });
    const runId = run?.id ?? "";
    const leaving = new AbortController();
    const before: RunEvent[] = [];
    const broken = (async () => {
      for await (const { event } of agents.watchRun({ runId }, { signal: leaving.signal })) {
        if (event !== undefined) before.push(event);
        if (event?.event.case === "textDelta") leaving.abort();
      }
    })();
    expect(await failureOf(broken)).toMatchObject({ code: "Canceled" });
    const afterSeq = journalOf(before).at(-1)?.seq ?? 0n;
    const after = await eventsOf(agents.watchRun({ runId, afterSeq }));
    const whole = [...journalOf(before), ...journalOf(after)];
    expect(whole).toEqual(journalOf(await eventsOf(agents.watchRun({ runId }))));
    expect(after[0]?.event.case).toBe("snapshot");
    expect(streamedText(after)).toBe(answer);
  });

  it("can be watched by several at once while they go on", async () => {
    const { agents } = await mesh().person();
    const input = script(calculate("1 + 1"), { text: "A long answer that is written word by word so that it lasts." });
    const { run } = await agents.submitRun({ run: { agentId: "drip", input } });
    const watch = () => eventsOf(agents.watchRun({ runId: run?.id ?? "" }));
    const watched = await Promise.all([watch(), watch(), watch()]);
    for (const events of watched) {
      expect(journalOf(events)).toEqual(journalOf(watched[0] ?? []));
      expect(streamedText(events)).toBe(answerIn(events));
    }
  });

  it("are listed newest first in pages that neither overlap nor leave one out", async () => {
    const { agents } = await mesh().person();
    const ids: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const { run } = await agents.run({
        run: { agentId: round % 2 ? "assistant" : "scripted", input: script({ text: "Yes." }) },
      });
      ids.unshift(run?.id ?? "");
    }
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await agents.listRuns({ pageSize: 2, pageToken });
      expect(page.runs.length).toBeLessThanOrEqual(2);
      seen.push(...page.runs.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(ids);
    const { runs } = await agents.listRuns({ agentId: "assistant" });
    expect(runs.map(({ id }) => id)).toEqual(ids.filter((_, index) => index % 2 === 1));
  });

  it("are stopped by CancelRun while their model still thinks, and pay for nothing they did not get", async () => {
    const { agents } = await mesh().person();
    const { run } = await agents.submitRun({ run: { agentId: "slow", input: "Think about it." } });
    const runId = run?.id ?? "";
    const asked = () =>
      mesh().simulator.requests.some(
        ({ model, body }) =>
          model.startsWith("simulator-small+latency") && JSON.stringify(body).includes("Think about it."),
      );
    await eventually(asked, (yes) => yes);
    const watched = eventsOf(agents.watchRun({ runId }));
    const { run: cancelled } = await agents.cancelRun({ runId, reason: "no longer needed" });
    expect(cancelled?.id).toBe(runId);
    const last = (await watched).at(-1)?.event;
    expect(last).toMatchObject({ case: "cancelled", value: { reason: "no longer needed" } });
    expect((await agents.getRun({ runId })).run).toMatchObject({ status: RunStatus.CANCELLED });
    expect((await agents.cancelRun({ runId })).run).toMatchObject({ status: RunStatus.CANCELLED });
  });

  it("run once for 20 simultaneous requests with one idempotency key", async () => {
    const { agents } = await mesh().person();
    const run = { agentId: "assistant", input: "What is 2 + 3?", idempotencyKey: randomUUID() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => agents.submitRun({ run })));
    expect(new Set(answers.map((answer) => answer.run?.id)).size).toBe(1);
    expect((await agents.listRuns({})).runs).toHaveLength(1);
    const { run: ended } = await agents.run({ run });
    expect(ended).toMatchObject({ id: answers[0]?.run?.id, status: RunStatus.SUCCEEDED });
    const events = await eventsOf(agents.streamRun({ run }));
    expect(events[0]?.runId).toBe(ended?.id);
    expect(answerIn(events)).toContain("5");
  });

  it("run once for one idempotency key whichever way it is asked, all at the same time", async () => {
    const { agents } = await mesh().person();
    const run = { agentId: "assistant", input: "What is 2 + 3?", idempotencyKey: randomUUID() };
    const asked = Array.from({ length: 5 }, () => [
      agents.run({ run }).then((answer) => answer.run?.id),
      agents.submitRun({ run }).then((answer) => answer.run?.id),
      eventsOf(agents.streamRun({ run })).then((events) => events.at(-1)?.runId),
    ]);
    const ids = await Promise.all(asked.flat());
    expect(new Set(ids).size).toBe(1);
    expect(mesh().simulator.requests.filter(({ body }) => shown(body).includes(run.idempotencyKey))).toEqual([]);
    expect((await agents.listRuns({})).runs.map(({ id }) => id)).toEqual([ids[0]]);
  });

  it("refuse an idempotency key that comes back with another request", async () => {
    const { agents } = await mesh().person();
    const idempotencyKey = randomUUID();
    await agents.submitRun({ run: { agentId: "assistant", input: "What is 2 + 3?", idempotencyKey } });
    const other = agents.submitRun({ run: { agentId: "assistant", input: "What is 2 + 4?", idempotencyKey } });
    expect(await failureOf(other)).toMatchObject({ code: "AlreadyExists", reason: "IDEMPOTENCY_KEY_REUSED" });
  });
});
