import { join } from "node:path";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { expect, it } from "vitest";
import { eventually } from "./harness/eventually.ts";
import { type Failure, failureOf } from "./harness/failure.ts";
import { MeshProcess, type MeshProcessOptions } from "./harness/mesh-process.ts";
import type { Clients } from "./harness/person.ts";
import { eventsOf, journalOf, namesOf } from "./harness/runs.ts";
import { SmallDisk, way } from "./harness/small-disk.ts";
import { agentsIn } from "./harness/test-mesh.ts";

const ended: ReadonlySet<RunStatus> = new Set([RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED]);
const story = `Please keep this in mind. ${"All work and no play makes a dull day. ".repeat(2_500)}`;

async function submit({ agents }: Clients, input: string): Promise<string> {
  const { run } = await agents.submitRun({ run: { agentId: "assistant", input } });
  return run?.id ?? "";
}

/** Submits long runs until one is refused. */
async function submitUntilRefused(clients: Clients, accepted: string[]): Promise<Failure> {
  for (;;) {
    const submitted = submit(clients, story).then((id) => void accepted.push(id));
    const refused = await submitted.then(
      () => undefined,
      () => failureOf(submitted),
    );
    if (refused !== undefined) return refused;
  }
}

function expectStorageError(failure: Failure, reason: RegExp): void {
  expect(failure.reason).toMatch(reason);
  expect(failure.code).toMatch(/^(ResourceExhausted|Unavailable|Internal)$/);
  expect(failure.message).not.toMatch(/SQLITE|SELECT|INSERT|\/tmp/);
}

/** What was accepted has ended, and nothing of its journal is missing. */
async function expectAllWhole({ agents }: Clients, accepted: readonly string[]): Promise<void> {
  for (const runId of accepted) {
    const status = async () => (await agents.getRun({ runId })).run?.status ?? RunStatus.UNSPECIFIED;
    await eventually(status, (found) => ended.has(found), 30_000);
    const journal = journalOf(await eventsOf(agents.watchRun({ runId })));
    expect(journal.map(({ seq }) => Number(seq))).toEqual(journal.map((_, index) => index + 1));
    expect(namesOf(journal).at(-1)).toMatch(/^(succeeded|failed)$/);
  }
}

function optionsIn(folder: string, data: string): MeshProcessOptions {
  const environment = {
    AGENTMESH_ORCHESTRATOR_AGENTS: agentsIn(folder),
    AGENTMESH_LOG_LEVEL: "error",
    AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
    AGENTMESH_GATEWAY_BURST: "100000",
  };
  return { dataDirectory: join(data, "data"), environment };
}

it.runIf(way !== undefined)(
  "a full disk refuses new runs by name, keeps answering, and takes them again once there is room",
  async () => {
    const folder = temporaryDirectory();
    const disk = new SmallDisk(folder.path);
    const options = optionsIn(folder.path, disk.path);
    const mesh = new MeshProcess({ ...options, wrapper: disk.wrapper });
    disk.pid = mesh.pid;
    try {
      await mesh.ready();
      const clients = mesh.as(disk.adminKey(options.dataDirectory));
      const accepted = [await submit(clients, "What is 17 * 23?")];
      await expectAllWhole(clients, accepted);
      disk.fill();
      expectStorageError(await submitUntilRefused(clients, accepted), /^STORAGE_FULL$/);
      expect((await clients.agents.getRun({ runId: accepted[0] ?? "" })).run?.status).toBe(RunStatus.SUCCEEDED);
      disk.free();
      accepted.push(await submit(clients, "What is 17 * 23?"));
      await expectAllWhole(clients, accepted);
    } finally {
      await mesh.end("SIGKILL");
      disk.remove();
      folder.remove();
    }
  },
  60_000,
);

it("files that may not grow refuse new runs by name, and a start with more room finishes what was accepted", async () => {
  const folder = temporaryDirectory();
  const options = optionsIn(folder.path, folder.path);
  // In blocks of 512 bytes: no file may become larger than 1 MiB.
  const wrapper = ["sh", "-c", 'ulimit -f 2048; exec "$@"', "sh"];
  const small = new MeshProcess({ ...options, wrapper });
  let large: MeshProcess | undefined;
  try {
    const clients = (await small.ready()).as();
    const accepted: string[] = [];
    expectStorageError(await submitUntilRefused(clients, accepted), /^STORAGE_F(ULL|AILED)$/);
    expect(accepted.length).toBeGreaterThan(0);
    expect((await clients.agents.listAgents({})).agents.length).toBeGreaterThan(0);
    await small.end("SIGKILL");
    large = await new MeshProcess(options).ready();
    await expectAllWhole(large.as(), accepted);
  } finally {
    await small.end("SIGKILL");
    await large?.end("SIGKILL");
    folder.remove();
  }
}, 60_000);
