/** llm-router with the real cost service and the simulator: what is answered is paid for, over both transports. */
import { join } from "node:path";
import { defineSettings } from "@agentmesh/config";
import { CostService, LimitScope, UsageGrouping } from "@agentmesh/contracts/cost/v1/cost";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { Role } from "@agentmesh/contracts/type/v1/types";
import { costModule } from "@agentmesh/cost";
import { llmRouterModule } from "@agentmesh/llm-router";
import { createSimulator, type SimulatorOptions } from "@agentmesh/llm-simulator";
import { defineModule, type ModuleHost, startProcess } from "@agentmesh/modules";
import { callOptionsOf, errorInfoOf, withStream } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterEach, describe, expect, it } from "vitest";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const ann = { tenant: "acme", user: "ann", keyId: "k1", roles: [], scopes: ["*"] };

/** Stands where the gateway stands: speaks for a principal. */
function doorModule(hosts: ModuleHost[]) {
  return defineModule({
    name: "gateway",
    settings: defineSettings("gateway", {}),
    dependsOn: ["cost", "llm-router"],
    services: [],
    signsPrincipals: true,
    async create(host) {
      hosts.push(host);
      return { bindings: [], async stop() {} };
    },
  });
}

async function start(transport: string, simulated: SimulatorOptions = {}, settings: Record<string, string> = {}) {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  const simulator = await createSimulator(simulated);
  cleanups.push(() => simulator.close());
  const hosts: ModuleHost[] = [];
  const running = await startProcess({
    name: "test",
    modules: [costModule, llmRouterModule, doorModule(hosts)],
    environment: {
      AGENTMESH_DATA_DIR: join(folder.path, "data"),
      AGENTMESH_METRICS_PORT: "0",
      AGENTMESH_COST_GRPC_PORT: "0",
      AGENTMESH_LLM_ROUTER_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_HTTP_PORT: "0",
      AGENTMESH_TRANSPORT: transport,
      AGENTMESH_LLM_ROUTER_PROVIDER_URL: simulator.url,
      ...settings,
    },
    logDestination: { write: () => {} },
    verify: true,
  });
  cleanups.push(() => running.stop(0));
  const host = hosts[0]!;
  const scope: CallScope = {
    signal: new AbortController().signal,
    deadline: undefined,
    credential: host.signer!.credential(ann),
    span: undefined,
  };
  const cost = host.client(CostService);
  const router = host.client(LlmRouterService);
  const usage = async () => {
    const answer = await cost.getUsage({ groupBy: UsageGrouping.RESOURCE }, callOptionsOf(scope));
    return new Map(answer.rows.map((row) => [row.key, row]));
  };
  const held = async () => {
    const { limits } = await cost.listLimits({}, callOptionsOf(scope));
    return limits.find((limit) => limit.scope === LimitScope.GLOBAL_DAY)?.held?.nanoUsd ?? 0n;
  };
  return { simulator, cost, router, scope, usage, held, options: () => callOptionsOf(scope) };
}

const ask = (model: string, text = "Say hello") => ({
  prompt: { model, messages: [{ role: Role.USER, parts: [{ content: { case: "text" as const, value: text } }] }] },
});

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return errorInfoOf(error);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe.each(["direct", "grpc"])("a model call over %s", (transport) => {
  it("is in the usage with exactly what the answer says it cost, and nothing stays reserved", async () => {
    const { router, options, usage, held } = await start(transport);
    const attribution = { agentId: "assistant", runId: "r1", stepKey: "s1", runLimit: { nanoUsd: 10n ** 9n } };
    const { generation } = await router.generate({ ...ask("simulator-small"), attribution }, options());
    const row = (await usage()).get("simulator-small");
    expect(row).toMatchObject({ amount: generation?.cost, charges: 1n, usage: generation?.usage });
    expect(row?.estimated?.nanoUsd ?? 0n).toBe(0n);
    expect(await held()).toBe(0n);
  });

  it("is refused before the provider is asked when the budget does not allow its worst case", async () => {
    const { router, cost, options, scope, simulator } = await start(transport);
    const limit = { scope: LimitScope.USER_DAY, subject: "ann", limit: { nanoUsd: 1_000n } };
    await cost.setLimit(limit, options());
    const failure = await failureOf(router.generate(ask("simulator-large"), options()));
    expect(failure).toMatchObject({ reason: "BUDGET_EXCEEDED", domain: "cost.agentmesh" });
    const streamed = withStream(scope, async (callOptions) => {
      for await (const _ of router.streamGenerate(ask("simulator-large"), callOptions));
    });
    expect((await failureOf(streamed))?.reason).toBe("BUDGET_EXCEEDED");
    expect(simulator.requestCount).toBe(0);
  });

  it("whose caller leaves in the middle of the stream is charged for what was produced, marked estimated", async () => {
    const { router, scope, usage, held } = await start(transport, { tokensPerSecond: 100 });
    await withStream(scope, async (options) => {
      for await (const { event } of router.streamGenerate(ask("simulator-small"), options)) {
        if (event?.event.case === "textDelta") return;
      }
    });
    await until(async () => (await usage()).has("simulator-small"));
    const row = (await usage()).get("simulator-small");
    expect(row?.estimated?.nanoUsd).toBe(row?.amount?.nanoUsd);
    expect(row?.amount?.nanoUsd).toBeGreaterThan(0n);
    expect(await held()).toBe(0n);
  });

  it("that the provider refused is not charged, and its hold is given back", async () => {
    const { router, options, usage, held } = await start(transport);
    const failure = await failureOf(router.generate(ask("simulator-small+status=400"), options()));
    expect(failure).toMatchObject({ reason: "PROVIDER_REJECTED", domain: "llm-router.agentmesh" });
    await until(async () => (await held()) === 0n);
    expect(await usage()).toEqual(new Map());
  });

  it("says which of many calls fit into a budget, and never admits more", async () => {
    const { router, cost, options, usage } = await start(transport, { latencyMs: 50 });
    // The worst case of one call: its prompt is below 200 bytes, its answer at most 1,000 tokens.
    const request = { prompt: { ...ask("simulator-small").prompt, maxOutputTokens: 1_000 } };
    const most = 5n * (200n * 150n + 1_000n * 600n);
    await cost.setLimit({ scope: LimitScope.USER_DAY, subject: "ann", limit: { nanoUsd: most } }, options());
    const results = await Promise.all(Array.from({ length: 30 }, () => failureOf(router.generate(request, options()))));
    const refused = results.filter((failure) => failure?.reason === "BUDGET_EXCEEDED").length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(30);
    const row = (await usage()).get("simulator-small");
    expect(row?.charges).toBe(BigInt(30 - refused));
    expect(row?.amount?.nanoUsd).toBeLessThanOrEqual(most);
  });

  it("of an embedding is in the usage too, and the lexical one costs nothing", async () => {
    const { router, options, usage } = await start(transport);
    const { cost } = await router.embed({ model: "simulator-embedding", inputs: ["a fox"] }, options());
    await router.embed({ inputs: ["a fox"] }, options());
    const rows = await usage();
    expect([...rows.keys()]).toEqual(["simulator-embedding"]);
    expect(rows.get("simulator-embedding")?.amount?.nanoUsd).toBe(cost?.nanoUsd);
  });
});
