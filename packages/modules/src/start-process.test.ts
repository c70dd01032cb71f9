import { once } from "node:events";
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { DependencyStatus, DiagnosticsService } from "@agentmesh/contracts/diagnostics/v1/diagnostics";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "@agentmesh/contracts/grpc/health/v1/health";
import { callOptionsOf, createGrpcTransport, errorInfoOf } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { type Probe, testCostModule, testGatewayModule, testKey } from "./mesh.fixture.ts";
import type { Module, ModuleHost } from "./module.ts";
import type { RunningProcess } from "./process-options.ts";
import { startProcess } from "./start-process.ts";

const cleanups: (() => unknown)[] = [];
const authorized = { headers: { authorization: `Bearer ${testKey}` } };

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function temporaryData(): string {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  return join(folder.path, "data");
}

function environmentOf(dataDirectory: string): Record<string, string> {
  return {
    AGENTMESH_DATA_DIR: dataDirectory,
    AGENTMESH_METRICS_PORT: "0",
    AGENTMESH_GATEWAY_GRPC_PORT: "0",
    AGENTMESH_GATEWAY_HTTP_PORT: "0",
    AGENTMESH_COST_GRPC_PORT: "0",
    AGENTMESH_LOG_LEVEL: "info",
  };
}

async function start(modules: readonly Module[], environment: Record<string, string>): Promise<RunningProcess> {
  const logDestination = { write: () => undefined };
  const running = await startProcess({ name: "test", modules, environment, logDestination, verify: true });
  cleanups.push(() => running.stop(0));
  return running;
}

function connect(address: string | undefined) {
  const transport = createGrpcTransport({ address: address ?? "nowhere" });
  cleanups.push(() => transport.close());
  return {
    usage: createClient(UsageService, transport),
    cost: createClient(CostService, transport),
    health: createClient(Health, transport),
    diagnostics: createClient(DiagnosticsService, transport),
  };
}

async function reasonOf(call: Promise<unknown>): Promise<string | undefined> {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return errorInfoOf(error)?.reason;
}

describe.each(["direct", "grpc"])("a process whose modules talk over %s", (transport) => {
  const meshEnvironment = () => ({ ...environmentOf(temporaryData()), AGENTMESH_TRANSPORT: transport });
  const meshModules = (probe: Probe) => [testGatewayModule(probe), testCostModule(probe)];

  it("answers through its door on behalf of the caller's tenant", async () => {
    const running = await start(meshModules({ events: [] }), meshEnvironment());
    const { limits } = await connect(running.addresses.grpc.gateway).usage.listLimits({}, authorized);
    expect(limits.map(({ subject }) => subject)).toEqual(["acme"]);
  });

  it("refuses callers without a key, with a wrong key and without the scope", async () => {
    const running = await start(meshModules({ events: [] }), meshEnvironment());
    const { usage } = connect(running.addresses.grpc.gateway);
    expect(await reasonOf(usage.listLimits({}))).toBe("UNAUTHENTICATED");
    const wrong = { headers: { authorization: "Bearer wrong" } };
    expect(await reasonOf(usage.listLimits({}, wrong))).toBe("KEY_UNKNOWN");
    expect(await reasonOf(usage.setLimit({}, authorized))).toBe("SCOPE_MISSING");
  });

  it("serves the same over HTTP, and the door's own routes", async () => {
    const running = await start(meshModules({ events: [] }), meshEnvironment());
    const base = `http://${running.addresses.http}`;
    const response = await fetch(`${base}/agentmesh.gateway.v1.UsageService/ListLimits`, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorized.headers },
      body: "{}",
    });
    expect(await response.json()).toMatchObject({ limits: [{ subject: "acme" }] });
    const other = await fetch(`${base}/v1/models`);
    expect([other.status, await other.text()]).toEqual([404, "nothing at /v1/models"]);
    expect((await fetch(base, { method: "OPTIONS" })).status).toBe(204);
  });

  it("starts modules after what they depend on and stops them before", async () => {
    const probe: Probe = { events: [] };
    const running = await start(meshModules(probe), meshEnvironment());
    await running.stop();
    expect(probe.events).toEqual([
      "cost create",
      "cost start",
      "gateway create",
      "gateway start",
      "gateway drain",
      "cost drain",
      "gateway stop",
      "cost stop",
    ]);
  });

  it("stops what had started when a module fails and says which one", async () => {
    const environment = meshEnvironment();
    const probe: Probe = { events: [], failAt: "gateway start" };
    await expect(start(meshModules(probe), environment)).rejects.toThrow(
      "gateway could not start: asked to fail at start",
    );
    expect(probe.events).toEqual(["cost create", "cost start", "gateway create", "gateway stop", "cost stop"]);
    await start(meshModules({ events: [] }), environment);
  });

  it("lets a call in progress finish, and refuses new ones meanwhile", async () => {
    const asked = Promise.withResolvers<void>();
    const allowed = Promise.withResolvers<void>();
    const probe: Probe = {
      events: [],
      answer: () => {
        asked.resolve();
        return allowed.promise;
      },
    };
    const running = await start(meshModules(probe), meshEnvironment());
    const address = running.addresses.grpc.gateway;
    const call = connect(address).usage.listLimits({}, authorized);
    await asked.promise;
    const stopped = running.stop();
    await expect.poll(() => reasonOf(connect(address).usage.listLimits({}, authorized))).toBeDefined();
    allowed.resolve();
    expect((await call).limits).toHaveLength(1);
    await stopped;
    expect(probe.events.at(-1)).toBe("cost stop");
  });

  it("lets a module that finishes its work still call those it depends on", async () => {
    const gateway = testGatewayModule({ events: [] });
    let subjects: string[] | undefined;
    const working: Module = {
      ...gateway,
      create: async (host, config) => {
        const principal = { tenant: "acme", user: "u", keyId: "k", roles: [], scopes: ["usage:read"] };
        const work = async () => {
          const scope = { signal: new AbortController().signal, deadline: undefined, span: undefined };
          const credential = host.signer?.credential(principal);
          const { limits } = await host.client(CostService).listLimits({}, callOptionsOf({ ...scope, credential }));
          subjects = limits.map(({ subject }) => subject);
        };
        return { ...(await gateway.create(host, config)), drain: work };
      },
    };
    const running = await start([working, testCostModule({ events: [] })], meshEnvironment());
    await running.stop();
    expect(subjects).toEqual(["acme"]);
  });

  it("ends calls that outlast the drain time with a reason", async () => {
    const asked = Promise.withResolvers<void>();
    const probe: Probe = {
      events: [],
      answer: () => {
        asked.resolve();
        return new Promise(() => undefined);
      },
    };
    const running = await start(meshModules(probe), meshEnvironment());
    const reason = reasonOf(connect(running.addresses.grpc.gateway).usage.listLimits({}, authorized));
    await asked.promise;
    await running.stop(20);
    expect(await reason).toBe("SHUTTING_DOWN");
  });

  it("reports stores and called services, as they were really used", async () => {
    const running = await start(meshModules({ events: [] }), meshEnvironment());
    const { diagnostics, usage } = connect(running.addresses.grpc.gateway);
    const before = await diagnostics.diagnose({}, authorized);
    expect(before.modules.map(({ name, ready }) => [name, ready])).toEqual([
      ["cost", true],
      ["gateway", true],
    ]);
    const [store] = before.modules[0]!.dependencies;
    expect(store).toMatchObject({ name: "sqlite:cost.db", status: DependencyStatus.OK });
    expect(before.modules[1]!.dependencies).toMatchObject([{ name: "cost", status: DependencyStatus.UNUSED }]);
    await usage.listLimits({}, authorized);
    const after = await diagnostics.diagnose({ module: "gateway" }, authorized);
    expect(after.modules).toHaveLength(1);
    expect(after.modules[0]!.dependencies).toMatchObject([{ name: "cost", status: DependencyStatus.OK }]);
    expect(await reasonOf(diagnostics.diagnose({ module: "nobody" }, authorized))).toBe("UNKNOWN_MODULE");
  });
});

describe("a process", () => {
  it("opens only the door's ports when modules talk in memory, and every module's over gRPC", async () => {
    const modules = (probe: Probe) => [testGatewayModule(probe), testCostModule(probe)];
    const direct = await start(modules({ events: [] }), environmentOf(temporaryData()));
    expect(Object.keys(direct.addresses.grpc)).toEqual(["gateway"]);
    const environment = { ...environmentOf(temporaryData()), AGENTMESH_TRANSPORT: "grpc" };
    const grpc = await start(modules({ events: [] }), environment);
    expect(Object.keys(grpc.addresses.grpc)).toEqual(["cost", "gateway"]);
    expect(await reasonOf(connect(grpc.addresses.grpc.cost).cost.listLimits({}))).toBe("UNAUTHENTICATED");
  });

  it("answers health without a principal: live and ready, and each service by name", async () => {
    const running = await start([testCostModule({ events: [] })], environmentOf(temporaryData()));
    const { health } = connect(running.addresses.grpc.cost);
    for (const service of ["", "liveness", "readiness", "agentmesh.cost.v1.CostService"]) {
      expect((await health.check({ service })).status).toBe(Serving.SERVING);
    }
  });

  it("is not ready while a store does not answer, and ready again afterwards", async () => {
    const probe: Probe = { events: [], broken: false };
    const running = await start([testCostModule(probe)], environmentOf(temporaryData()));
    const { health } = connect(running.addresses.grpc.cost);
    const status = async () => (await health.check({ service: "agentmesh.cost.v1.CostService" })).status;
    probe.broken = true;
    await expect.poll(status, { timeout: 10_000 }).toBe(Serving.NOT_SERVING);
    expect((await health.check({ service: "liveness" })).status).toBe(Serving.SERVING);
    probe.broken = false;
    await expect.poll(status, { timeout: 10_000 }).toBe(Serving.SERVING);
  });

  it("is not ready before it stops and still tells so", async () => {
    const environment = { ...environmentOf(temporaryData()), AGENTMESH_SHUTDOWN_DELAY: "100ms" };
    const running = await start([testCostModule({ events: [] })], environment);
    const { health } = connect(running.addresses.grpc.cost);
    await health.check({});
    const stopped = running.stop();
    expect((await health.check({ service: "readiness" })).status).toBe(Serving.NOT_SERVING);
    expect((await health.check({ service: "liveness" })).status).toBe(Serving.SERVING);
    await stopped;
  });

  it("finds modules of other processes by their address and accepts each other's principals", async () => {
    const dataDirectory = temporaryData();
    const cost = await start([testCostModule({ events: [] })], environmentOf(dataDirectory));
    const address = cost.addresses.grpc.cost ?? "";
    const environment = { ...environmentOf(dataDirectory), AGENTMESH_COST_ADDRESS: address };
    const gateway = await start([testGatewayModule({ events: [] })], environment);
    const { limits } = await connect(gateway.addresses.grpc.gateway).usage.listLimits({}, authorized);
    expect(limits.map(({ subject }) => subject)).toEqual(["acme"]);
  });

  it("does not accept principals that another mesh signed", async () => {
    const cost = await start([testCostModule({ events: [] })], environmentOf(temporaryData()));
    const environment = { ...environmentOf(temporaryData()), AGENTMESH_COST_ADDRESS: cost.addresses.grpc.cost ?? "" };
    const gateway = await start([testGatewayModule({ events: [] })], environment);
    const call = connect(gateway.addresses.grpc.gateway).usage.listLimits({}, authorized);
    expect(await reasonOf(call)).toBe("PRINCIPAL_TOKEN_REFUSED");
  });

  it("refuses a data folder that another process uses", async () => {
    const environment = environmentOf(temporaryData());
    await start([testCostModule({ events: [] })], environment);
    const second = start([testCostModule({ events: [] })], environment);
    await expect(second).rejects.toThrow(/cost could not be created: .*cost\.db is open in another process/);
  });

  it("names the metrics port that is taken and the setting that moves it", async () => {
    const first = await start([testCostModule({ events: [] })], environmentOf(temporaryData()));
    const port = first.addresses.metrics.split(":").at(-1) ?? "";
    const environment = { ...environmentOf(temporaryData()), AGENTMESH_METRICS_PORT: port };
    const second = start([testCostModule({ events: [] })], environment);
    await expect(second).rejects.toThrow(`metrics could not listen on 127.0.0.1:${port} (AGENTMESH_METRICS_PORT)`);
  });

  it("names the port that is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    const address = server.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const environment = { ...environmentOf(temporaryData()), AGENTMESH_COST_GRPC_PORT: port };
    const starting = start([testCostModule({ events: [] })], environment);
    await expect(starting).rejects.toThrow(`cost could not listen on 127.0.0.1:${port} for gRPC`);
  });

  it("gives a signer only to modules that declare it, and keeps the private key to its owner", async () => {
    const dataDirectory = temporaryData();
    const probe: Probe = { events: [], hosts: [] as ModuleHost[] };
    await start([testGatewayModule(probe), testCostModule(probe)], environmentOf(dataDirectory));
    expect(probe.hosts?.map(({ signer }) => signer !== undefined)).toEqual([false, true]);
    expect(statSync(join(dataDirectory, "principal-key.pem")).mode & 0o777).toBe(0o600);
  });

  it("refuses a module that calls another without depending on it", async () => {
    const module = testCostModule({ events: [] });
    const rogue: Module = {
      ...module,
      create: async (host) => {
        host.client(UsageService);
        throw new Error("not reached");
      },
    };
    const starting = start([rogue], environmentOf(temporaryData()));
    await expect(starting).rejects.toThrow("cost calls gateway but does not list it in dependsOn");
  });
});
