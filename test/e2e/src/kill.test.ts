import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { MeshProcess, type MeshProcessOptions } from "./harness/mesh-process.ts";
import type { Clients } from "./harness/person.ts";
import { eventsOf, journalOf, namesOf } from "./harness/runs.ts";
import { calculate, script } from "./harness/scripts.ts";
import { agentsIn } from "./harness/test-mesh.ts";

const kills = 5;
const lost: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Canceled, Code.DeadlineExceeded, Code.Aborted]);

/** What was sent by its idempotency key, and which run was accepted for it. */
type Sent = Map<string, { input: string; runId: string | undefined }>;

async function submit({ agents }: Clients, sent: Sent, idempotencyKey: string): Promise<void> {
  const entry = sent.get(idempotencyKey) ?? { input: task(), runId: undefined };
  sent.set(idempotencyKey, entry);
  try {
    const wish = { agentId: "scripted", input: entry.input, idempotencyKey };
    const { run } = await agents.submitRun({ run: wish }, { timeoutMs: 5_000 });
    if (entry.runId !== undefined) expect(run?.id).toBe(entry.runId);
    entry.runId = run?.id;
  } catch (error) {
    if (!lost.has(ConnectError.from(error).code)) throw error;
  }
}

function task(): string {
  return script(calculate("1 + 1", "2 + 2"), calculate("3 + 3"), { text: "Done." });
}

async function load(clients: Clients, sent: Sent, running: { stopped: boolean }): Promise<void> {
  const client = async () => {
    while (!running.stopped) await submit(clients, sent, randomUUID());
  };
  await Promise.all([client(), client()]);
}

async function restart(options: MeshProcessOptions): Promise<MeshProcess> {
  return new MeshProcess(options).ready();
}

it(`after ${kills} kills in the middle of work every accepted run has ended, once, without a gap`, async () => {
  const folder = temporaryDirectory();
  const environment = {
    AGENTMESH_ORCHESTRATOR_AGENTS: agentsIn(folder.path),
    AGENTMESH_ORCHESTRATOR_LEASE: "300ms",
    AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
    AGENTMESH_GATEWAY_BURST: "100000",
    AGENTMESH_LOG_LEVEL: "error",
  };
  const options = { dataDirectory: join(folder.path, "data"), environment };
  const sent: Sent = new Map();
  let mesh = await restart(options);
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const running = { stopped: false };
      const loading = load(mesh.as(), sent, running);
      await eventually(
        () => sent.size,
        (size) => size >= (kill + 1) * 20,
      );
      await delay(Math.random() * 50); // The moment of death is random on purpose.
      const dead = mesh.end("SIGKILL");
      running.stopped = true;
      await Promise.all([dead, loading]);
      mesh = await restart(options);
      const clients = mesh.as();
      for (const [key, { runId }] of sent) if (runId === undefined) await submit(clients, sent, key);
    }
    await expectAllEnded(mesh.as(), sent);
    expect(mesh.output).not.toContain('"level":"error"');
  } finally {
    await mesh.end("SIGKILL");
    folder.remove();
  }
}, 90_000);

async function expectAllEnded({ agents }: Clients, sent: Sent): Promise<void> {
  const ids = [...sent.values()].map(({ runId }) => runId ?? "");
  expect(ids.length).toBeGreaterThanOrEqual(kills * 20);
  expect(new Set(ids).size).toBe(ids.length);
  for (const runId of ids) {
    const journal = journalOf(await eventsOf(agents.watchRun({ runId }, { timeoutMs: 20_000 })));
    expect(journal.map(({ seq }) => Number(seq))).toEqual(journal.map((_, index) => index + 1));
    expect(namesOf(journal).at(-1)).toBe("succeeded");
    const steps = journal.flatMap(({ event }) =>
      event.case === "modelCalled" || event.case === "toolCalled" ? [event.value.stepKey] : [],
    );
    expect(new Set(steps).size).toBe(steps.length);
    expect((await agents.getRun({ runId })).run?.status).toBe(RunStatus.SUCCEEDED);
  }
}
