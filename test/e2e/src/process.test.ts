import { join } from "node:path";
import { LimitScope } from "@agentmesh/contracts/cost/v1/cost";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterEach, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { describeFailure, failureOf } from "./harness/failure.ts";
import { MeshProcess, type MeshProcessOptions } from "./harness/mesh-process.ts";
import type { Clients } from "./harness/person.ts";
import { answerOf, eventsOf, journalOf, namesOf } from "./harness/runs.ts";
import { calculate, script } from "./harness/scripts.ts";
import { agentsIn } from "./harness/test-mesh.ts";

const transports = ["direct", "grpc"] as const;
const services = ["GUARDRAIL", "ORCHESTRATOR", "LLM_ROUTER", "MEMORY", "TOOL_REGISTRY", "COST"];
const freeServicePorts = Object.fromEntries(services.map((name) => [`AGENTMESH_${name}_GRPC_PORT`, "0"]));

const folders: { remove(): void }[] = [];
const processes: MeshProcess[] = [];

afterEach(async () => {
  for (const running of processes.splice(0)) await running.end("SIGKILL");
  for (const folder of folders.splice(0)) folder.remove();
});

function dataFolder(settings: Record<string, string> = {}): MeshProcessOptions {
  const folder = temporaryDirectory();
  folders.push(folder);
  const environment = {
    AGENTMESH_ORCHESTRATOR_AGENTS: agentsIn(folder.path),
    AGENTMESH_LOG_LEVEL: "warn",
    ...settings,
  };
  return { dataDirectory: join(folder.path, "data"), environment };
}

function launch(options: MeshProcessOptions): MeshProcess {
  const started = new MeshProcess(options);
  processes.push(started);
  return started;
}

const start = (options: MeshProcessOptions) => launch(options).ready();

const slowly = script(calculate("3 * 4"), { text: "Twelve. ".repeat(10) });

/** Submits a run that takes seconds, and waits until its answer is being written. */
async function runningRun({ agents }: Clients): Promise<string> {
  const { run } = await agents.submitRun({ run: { agentId: "drip", input: slowly, idempotencyKey: "first" } });
  const leave = new AbortController();
  const text = async () => {
    for await (const { event } of agents.watchRun({ runId: run?.id ?? "" }, { signal: leave.signal }))
      if (event?.event.case === "textDelta") leave.abort();
  };
  await failureOf(text());
  return run?.id ?? "";
}

async function expectWholeJournal({ agents }: Clients, runId: string): Promise<void> {
  const journal = journalOf(await eventsOf(agents.watchRun({ runId })));
  expect(journal.map(({ seq }) => Number(seq))).toEqual(journal.map((_, index) => index + 1));
  expect(namesOf(journal).at(-1)).toBe("succeeded");
  const steps = journal.flatMap(({ event }) =>
    event.case === "modelCalled" || event.case === "toolCalled" ? [event.value.stepKey] : [],
  );
  expect(new Set(steps).size).toBe(steps.length);
}

it.each(transports)(
  "a mesh (%s) that is told to stop finishes the run it is at, takes no new one, and ends with 0",
  async (transport) => {
    const options = dataFolder({ AGENTMESH_TRANSPORT: transport, ...freeServicePorts });
    const first = await start(options);
    const clients = first.as();
    const runId = await runningRun(clients);
    first.signal("SIGTERM");
    const accepted = [runId];
    const refusal = () =>
      clients.agents.submitRun({ run: { agentId: "assistant", input: "What is 1 + 1?" } }).then(({ run }) => {
        accepted.push(run?.id ?? "");
        return undefined;
      }, describeFailure);
    expect(await eventually(refusal, (refused) => refused !== undefined)).toMatchObject({ code: "Unavailable" });
    expect(await first.ended()).toBe(0);
    expect(first.output).not.toContain('"level":"error"');
    const second = (await start(options)).as();
    const { run } = await second.agents.getRun({ runId });
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED });
    expect(answerOf(run)).toContain("Twelve.");
    expect((await second.agents.listRuns({})).runs).toHaveLength(accepted.length);
    for (const id of accepted) await expectWholeJournal(second, id);
  },
);

it.each(transports)(
  "a mesh (%s) that is told to stop lets the streams it serves come to their end",
  async (transport) => {
    const mesh = await start(dataFolder({ AGENTMESH_TRANSPORT: transport, ...freeServicePorts }));
    const { agents } = mesh.as();
    let stopping = false;
    let last: string | undefined;
    for await (const { event } of agents.streamRun({ run: { agentId: "drip", input: slowly } })) {
      if (!stopping && event?.event.case === "textDelta") {
        stopping = true;
        mesh.signal("SIGTERM");
      }
      last = event?.event.case;
    }
    expect(last).toBe("succeeded");
    expect(await mesh.ended()).toBe(0);
    expect(mesh.output).not.toContain('"level":"error"');
  },
);

it.each(transports)(
  "a run that was accepted by a mesh (%s) just before it was told to stop succeeds",
  async (transport) => {
    const options = dataFolder({ AGENTMESH_TRANSPORT: transport, ...freeServicePorts });
    const first = await start(options);
    const { agents } = first.as();
    const accepted = await Promise.all(
      Array.from({ length: 5 }, () => agents.submitRun({ run: { agentId: "drip", input: slowly } })),
    );
    expect(await first.end("SIGTERM")).toBe(0);
    expect(first.output).not.toContain('"level":"error"');
    const second = (await start(options)).as();
    for (const { run } of accepted) await expectWholeJournal(second, run?.id ?? "");
  },
);

it("what was said, spent, limited and allowed is the same after a restart", async () => {
  const options = dataFolder();
  const first = await start(options);
  const before = first.as();
  const { secret, key } = await before.keys.createKey({ name: "kept", user: "ada", scopes: ["*"] });
  const ada = first.as(secret);
  await ada.agents.run({ run: { agentId: "assistant", input: "My name is Ada.", sessionId: "s" } });
  const limit = { scope: LimitScope.USER_DAY, subject: "ada", limit: { nanoUsd: 900_000_000n } };
  await before.usage.setLimit({ limit });
  const spent = (await ada.usage.getUsage({ user: "ada" })).total?.amount?.nanoUsd;
  expect(spent).toBeGreaterThan(0n);
  await first.end("SIGKILL");
  const again = (await start(options)).as(secret);
  expect((await again.usage.getUsage({ user: "ada" })).total?.amount?.nanoUsd).toBe(spent);
  const { limits } = await again.usage.listLimits({});
  const kept = limits.find(({ scope, subject }) => scope === limit.scope && subject === "ada");
  expect(kept).toMatchObject({ limit: { nanoUsd: 900_000_000n }, settled: { nanoUsd: spent } });
  const { run } = await again.agents.run({ run: { agentId: "assistant", input: "What is my name?", sessionId: "s" } });
  expect(answerOf(run)).toContain("Ada");
  expect((await again.keys.listKeys({})).keys.map(({ id }) => id)).toContain(key?.id);
});

it("a mesh that has no time to finish leaves the run to the next one, which goes on where it was", async () => {
  const options = dataFolder();
  const hasty = { ...options, environment: { ...options.environment, AGENTMESH_DRAIN_TIMEOUT: "1ms" } };
  const first = await start(hasty);
  const runId = await runningRun(first.as());
  expect(await first.end("SIGTERM")).toBe(0);
  const second = (await start(options)).as();
  const done = async () => (await second.agents.getRun({ runId })).run;
  const run = await eventually(done, (found) => found?.status === RunStatus.SUCCEEDED, 20_000);
  expect(answerOf(run)).toContain("Twelve.");
  await expectWholeJournal(second, runId);
});

it("a second mesh on the same data folder ends at once, says why, and does not disturb the first", async () => {
  const options = dataFolder();
  const first = await start(options);
  const second = launch(options);
  expect(await second.ended()).toBe(1);
  expect(second.output).toMatch(/\.db is open in another process/);
  expect(second.output).not.toMatch(/\n\s+at /);
  const { run } = await first.as().agents.run({ run: { agentId: "assistant", input: "What is 17 * 23?" } });
  expect(answerOf(run)).toContain("391");
});

it("settings that make no sense end the start with 2 and a list of all of them", async () => {
  const options = dataFolder();
  const wrong = { AGENTMESH_GATEWAY_BURST: "-1", AGENTMESH_LOG_LEVEL: "loud", AGENTMESH_COST_SWEEP_INTERVALL: "1s" };
  const failed = launch({ ...options, environment: { ...options.environment, ...wrong } });
  expect(await failed.ended()).toBe(2);
  for (const name of Object.keys(wrong)) expect(failed.output).toContain(name);
});
