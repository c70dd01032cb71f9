import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DiagnosticsService } from "@agentmesh/contracts/diagnostics/v1/diagnostics";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { createGrpcTransport } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { type MeshOptions, type RunningMesh, startMesh } from "./start-mesh.ts";

const cleanups: (() => unknown)[] = [];
const names = ["cost", "gateway", "guardrail", "llm-router", "memory", "orchestrator", "tool-registry"];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function start(options: MeshOptions): Promise<RunningMesh> {
  const mesh = await startMesh({
    freePorts: true,
    verify: true,
    logDestination: { write: () => undefined },
    ...options,
  });
  cleanups.push(() => mesh.stop(0));
  return mesh;
}

function temporaryData(): string {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  return join(folder.path, "data");
}

function doorOf(mesh: RunningMesh) {
  const transport = createGrpcTransport({ address: mesh.addresses.grpc.gateway ?? "" });
  cleanups.push(() => transport.close());
  const key = readFileSync(join(mesh.dataDirectory, "admin-key"), "utf8").trim();
  return {
    agents: createClient(AgentService, transport),
    diagnostics: createClient(DiagnosticsService, transport),
    options: { headers: { authorization: `Bearer ${key}` } },
  };
}

describe.each(["direct", "grpc"] as const)("the mesh in one process, over %s", (transport) => {
  it("answers a run through all seven services with the simulator as its model", async () => {
    const mesh = await start({ dataDirectory: temporaryData(), transport });
    const { agents, options } = doorOf(mesh);
    const { run } = await agents.run({ run: { agentId: "assistant", input: "What is 17 * 23?" } }, options);
    expect(JSON.stringify(run, (_key, value) => (typeof value === "bigint" ? String(value) : value))).toContain("391");
    expect(mesh.simulator?.requestCount).toBeGreaterThan(0);
  });

  it("diagnoses every module as ready", async () => {
    const mesh = await start({ dataDirectory: temporaryData(), transport });
    const { diagnostics, options } = doorOf(mesh);
    const { modules } = await diagnostics.diagnose({}, options);
    expect(modules.map(({ name, ready }) => `${name} ${ready}`).toSorted()).toEqual(
      names.map((name) => `${name} true`),
    );
  });
});

describe("the mesh", () => {
  it("takes no simulator when a provider is configured", async () => {
    const environment = { AGENTMESH_LLM_ROUTER_PROVIDER_URL: "http://127.0.0.1:9/v1" };
    const mesh = await start({ dataDirectory: temporaryData(), environment });
    expect(mesh.simulator).toBeUndefined();
  });

  it("refuses a data folder that a running mesh uses, and leaves that one alone", async () => {
    const dataDirectory = temporaryData();
    const first = await start({ dataDirectory });
    await expect(start({ dataDirectory })).rejects.toThrow(/\.db is open in another process/);
    const { agents, options } = doorOf(first);
    expect((await agents.listAgents({}, options)).agents.length).toBeGreaterThan(0);
  });

  it("starts again on the data of a stopped one, with the same key", async () => {
    const dataDirectory = temporaryData();
    const first = await start({ dataDirectory });
    const key = readFileSync(join(dataDirectory, "admin-key"), "utf8");
    await first.stop();
    const second = await start({ dataDirectory });
    expect(readFileSync(join(dataDirectory, "admin-key"), "utf8")).toBe(key);
    const { agents, options } = doorOf(second);
    await agents.listAgents({}, options);
  });
});
