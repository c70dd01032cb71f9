import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { createGrpcTransport, createPrincipalSigner } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { loadPrincipalKeys } from "./principal-keys.ts";
import { keyIdOf } from "./principals.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A started service and what it has written so far. */
interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly dataDirectory: string;
  output(): string;
  errors(): string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

function run(args: readonly string[], environment: Record<string, string> = {}): Started {
  const folder = temporaryDirectory();
  const dataDirectory = join(folder.path, "data");
  const child = spawn(process.execPath, [join(import.meta.dirname, "run-service.fixture.ts"), ...args], {
    env: {
      PATH: process.env.PATH,
      AGENTMESH_DATA_DIR: dataDirectory,
      AGENTMESH_COST_GRPC_PORT: "0",
      AGENTMESH_METRICS_PORT: "0",
      AGENTMESH_DRAIN_TIMEOUT: "30s",
      ...environment,
    },
  });
  cleanups.push(() => {
    child.kill("SIGKILL");
    folder.remove();
  });
  const written = { output: "", errors: "" };
  child.stdout.on("data", (chunk) => {
    written.output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    written.errors += chunk;
  });
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return { child, dataDirectory, output: () => written.output, errors: () => written.errors, ended };
}

async function readyLine(started: Started): Promise<{ grpc: { cost: string } }> {
  const line = () =>
    started
      .output()
      .split("\n")
      .find((text) => text.includes('"ready"'));
  await expect.poll(line, { timeout: 10_000 }).toBeDefined();
  return JSON.parse(line() ?? "");
}

describe("a service's command line", () => {
  it("explains every setting with --help and ends", async () => {
    const started = run(["--help"]);
    expect(await started.ended).toBe(0);
    expect(started.output()).toContain("AGENTMESH_COST_MOST  (integer, 1 to 9, default 3)");
    expect(started.output()).toContain("AGENTMESH_DATA_DIR");
    expect(started.output()).toContain("AGENTMESH_COST_GRPC_PORT");
  });

  it("prints the settings as they would be used, without secrets", async () => {
    const started = run(["--print-config"], { AGENTMESH_COST_MOST: "5", AGENTMESH_PRINCIPAL_PUBLIC_KEYS: "hush" });
    expect(await started.ended).toBe(0);
    expect(started.output()).toContain("AGENTMESH_COST_MOST=5\n");
    expect(started.output()).toContain("AGENTMESH_PRINCIPAL_PUBLIC_KEYS=***\n");
  });

  it("lists everything that is wrong with the settings and ends with code 2", async () => {
    const started = run([], {
      AGENTMESH_COST_MOST: "10",
      AGENTMESH_LOG_LEVLE: "info",
      AGENTMESH_GATEWAY_ANYTHING: "x",
    });
    expect(await started.ended).toBe(2);
    expect(started.errors().trim().split("\n")).toEqual([
      "The configuration has 2 problems:",
      '  AGENTMESH_COST_MOST must be a whole number, 1 to 9; it is "10"',
      "  AGENTMESH_LOG_LEVLE is no setting: did you mean AGENTMESH_LOG_LEVEL?",
    ]);
  });

  it("refuses flags it does not know with code 2", async () => {
    const started = run(["--verbose"]);
    expect(await started.ended).toBe(2);
    expect(started.errors()).toBe("cost does not know --verbose: see --help\n");
  });

  it("ends with code 1 and one line when the data folder is in use", async () => {
    const first = run([]);
    await readyLine(first);
    const second = run([], { AGENTMESH_DATA_DIR: first.dataDirectory });
    expect(await second.ended).toBe(1);
    expect(second.errors()).toMatch(/^cost could not be created: .*cost\.db is open in another process.*\n$/);
  });
});

describe("a running service", () => {
  it("stops in order on SIGTERM and ends with code 0", async () => {
    const started = run([]);
    await readyLine(started);
    started.child.kill("SIGTERM");
    expect(await started.ended).toBe(0);
    expect(started.output()).toContain('"stopping"');
    expect(started.errors()).toBe("");
  });

  it("waits for calls in progress after the first signal and ends at once on a second", async () => {
    const started = run([]);
    const { grpc } = await readyLine(started);
    const signs = { privateKey: undefined, publicKeys: undefined, dataDirectory: started.dataDirectory, signs: true };
    const { privateKey, publicKeys } = loadPrincipalKeys(signs);
    const signer = createPrincipalSigner({ privateKey: privateKey!, keyId: keyIdOf(publicKeys[0]!) });
    const principal = { tenant: "t", user: "u", keyId: "k", roles: [], scopes: ["*"] };
    const transport = createGrpcTransport({ address: grpc.cost });
    cleanups.push(() => transport.close());
    const headers = { "agentmesh-principal": signer.credential(principal).token() };
    const call = createClient(CostService, transport).listLimits({}, { headers });
    call.catch(() => undefined);
    await expect.poll(() => inFlight(started)).toBe(1);
    started.child.kill("SIGTERM");
    await expect.poll(() => started.output(), { timeout: 5_000 }).toContain('"stopping"');
    const ended = started.ended;
    const again = setInterval(() => started.child.kill("SIGINT"), 100);
    cleanups.push(() => clearInterval(again));
    expect(await ended).toBe(1);
    await expect(call).rejects.toBeDefined();
  });

  it("ends with code 1 on a fault nobody caught, showing where but not what", async () => {
    const started = run([], { TEST_FAULT: "the content of a prompt" });
    expect(await started.ended).toBe(1);
    expect(started.errors()).toContain("run-service.fixture.ts");
    expect(started.errors()).not.toContain("the content of a prompt");
    expect(started.output()).toContain("a fault that nobody caught");
  });
});

async function inFlight(started: Started): Promise<number> {
  const metrics = JSON.parse(
    started
      .output()
      .split("\n")
      .find((line) => line.includes('"ready"')) ?? "{}",
  ).metrics;
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const line = text.split("\n").find((entry) => entry.startsWith("rpc_server_in_flight{") && entry.includes("Cost"));
  return Number(line?.split(" ").at(-1) ?? 0);
}
