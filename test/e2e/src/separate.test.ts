import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { createSimulator, type Simulator } from "@agentmesh/llm-simulator";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import type { Clients } from "./harness/person.ts";
import { answerIn, answerOf, eventsOf, journalOf, namesOf } from "./harness/runs.ts";
import { calculate, script } from "./harness/scripts.ts";
import { SeparateMesh, type ServiceName } from "./harness/separate-mesh.ts";
import { agentsIn, clientsAt } from "./harness/test-mesh.ts";

const slowly = script(calculate("3 * 4"), { text: "Twelve. ".repeat(8) });

describe("seven processes", () => {
  const folder = temporaryDirectory();
  const dataDirectory = join(folder.path, "data");
  let simulator: Simulator;
  let mesh: SeparateMesh;
  let doors: ReturnType<typeof clientsAt>;
  let clients: Clients;

  beforeAll(async () => {
    simulator = await createSimulator();
    mesh = await SeparateMesh.start({
      AGENTMESH_DATA_DIR: dataDirectory,
      AGENTMESH_LLM_ROUTER_PROVIDER_URL: simulator.url,
      AGENTMESH_ORCHESTRATOR_AGENTS: agentsIn(folder.path),
      AGENTMESH_ORCHESTRATOR_LEASE: "500ms",
    });
    doors = clientsAt(mesh.grpcAddress);
    clients = doors.as(readFileSync(join(dataDirectory, "admin-key"), "utf8").trim());
  });

  afterAll(async () => {
    await doors.close();
    expect(await mesh.stop()).toEqual([0, 0, 0, 0, 0, 0, 0]);
    await simulator.close();
    folder.remove();
  });

  const submit = async (agentId: string, input: string) => {
    const { run } = await clients.agents.submitRun({ run: { agentId, input } });
    return run?.id ?? "";
  };
  const ended = (runId: string) =>
    eventually(
      async () => (await clients.agents.getRun({ runId })).run,
      (run) => run?.ended !== undefined,
      20_000,
    );

  it("answer a run with a tool and a session as one process does", async () => {
    const run = { agentId: "assistant", input: "What is 17 * 23?", sessionId: "apart" };
    const events = await eventsOf(clients.agents.streamRun({ run }));
    expect(answerIn(events)).toContain("391");
    expect(namesOf(journalOf(events))).toContain("recalled");
    expect((await clients.sessions.getSession({ sessionId: "apart" })).session?.version).toBe(1n);
  });

  it("go on with a run whose orchestrator was killed in the middle of it", async () => {
    const runId = await submit("drip", slowly);
    await eventually(
      async () => (await clients.agents.getRun({ runId })).run?.lastSeq ?? 0n,
      (seq) => seq >= 4n,
    );
    await mesh.kill("orchestrator");
    await mesh.start("orchestrator");
    const run = await ended(runId);
    expect(run).toMatchObject({ status: RunStatus.SUCCEEDED });
    expect(answerOf(run)).toContain("Twelve.");
    const journal = journalOf(await eventsOf(clients.agents.watchRun({ runId })));
    expect(journal.map(({ seq }) => Number(seq))).toEqual(journal.map((_, index) => index + 1));
    expect(namesOf(journal).filter((name) => name === "started")).toHaveLength(2);
    expect(namesOf(journal).filter((name) => name === "toolCalled")).toHaveLength(1);
  });

  it.each<ServiceName>(["cost", "guardrail", "llm-router", "memory", "tool-registry", "gateway"])(
    "end a run with or without an answer when %s is killed under it, and further ones succeed again",
    async (name) => {
      const runId = await submit("drip", slowly);
      await mesh.kill(name);
      await mesh.start(name);
      const run = await ended(runId);
      expect([RunStatus.SUCCEEDED, RunStatus.FAILED]).toContain(run?.status);
      if (run?.status === RunStatus.FAILED) expect(run.error).toMatchObject({ retryable: true });
      // Its callers connect again within seconds.
      await eventually(
        async () =>
          answerOf((await clients.agents.run({ run: { agentId: "assistant", input: "What is 17 * 23?" } })).run),
        (answer) => answer.includes("391"),
      );
    },
  );
});
