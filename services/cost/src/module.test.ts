/** The service as others meet it: over both transports, with principals, typed errors, metrics and restarts. */
import { join } from "node:path";
import { defineSettings } from "@agentmesh/config";
import { CostService, CostType, LimitScope, UsageGrouping } from "@agentmesh/contracts/cost/v1/cost";
import { defineModule, type ModuleHost, startProcess } from "@agentmesh/modules";
import { callOptionsOf, errorInfoOf } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { parseExposition } from "@agentmesh/telemetry/testing";
import { afterEach, describe, expect, it } from "vitest";
import { costModule } from "./module.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const usd = 1_000_000_000n;
const attribution = { agentId: "assistant", runId: "r1", type: CostType.MODEL, resource: "gpt" };
const ann = { tenant: "acme", user: "ann", keyId: "k1", roles: [], scopes: ["usage:read", "budgets:admin"] };

/** A module that calls cost, as the router and the orchestrator do. */
function callerModule(hosts: ModuleHost[]) {
  return defineModule({
    name: "gateway",
    settings: defineSettings("gateway", {}),
    dependsOn: ["cost"],
    services: [],
    signsPrincipals: true,
    async create(host) {
      hosts.push(host);
      return { bindings: [], async stop() {} };
    },
  });
}

interface StartOptions {
  readonly transport: string;
  readonly data?: string;
  readonly environment?: Record<string, string>;
  readonly clock?: () => number;
}

async function start({ transport, data, environment = {}, clock }: StartOptions) {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  const hosts: ModuleHost[] = [];
  const lines: string[] = [];
  const running = await startProcess({
    name: "test",
    modules: [costModule, callerModule(hosts)],
    environment: {
      AGENTMESH_DATA_DIR: data ?? join(folder.path, "data"),
      AGENTMESH_METRICS_PORT: "0",
      AGENTMESH_COST_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_HTTP_PORT: "0",
      AGENTMESH_COST_SWEEP_INTERVAL: "100ms",
      AGENTMESH_TRANSPORT: transport,
      ...environment,
    },
    logDestination: { write: (line) => lines.push(line) },
    verify: true,
    ...(clock === undefined ? {} : { clock }),
  });
  cleanups.push(() => running.stop(0));
  const host = hosts[0]!;
  const as = (principal: typeof ann) => {
    const credential = host.signer!.credential(principal);
    return callOptionsOf({ signal: new AbortController().signal, deadline: undefined, credential, span: undefined });
  };
  return { running, cost: host.client(CostService), as, lines, directory: running.dataDirectory };
}

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return errorInfoOf(error);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.each(["direct", "grpc"])("cost over %s", (transport) => {
  it("holds, settles and reports usage for the principal of the call", async () => {
    const { cost, as } = await start({ transport });
    const held = await cost.hold({ holdId: "h1", amount: { nanoUsd: usd }, attribution }, as(ann));
    expect(Number(held.expires?.seconds)).toBeGreaterThan(Date.now() / 1000);
    const usage = { inputTokens: 100n, outputTokens: 20n };
    const settled = await cost.settle({ holdId: "h1", amount: { nanoUsd: 40n }, usage }, as(ann));
    expect(settled.overrun).toBeUndefined();
    const answer = await cost.getUsage({ groupBy: UsageGrouping.AGENT }, as(ann));
    expect(answer.rows).toMatchObject([
      { key: "assistant", amount: { nanoUsd: 40n }, charges: 1n, usage: { inputTokens: 100n, outputTokens: 20n } },
    ]);
    const stranger = await cost.getUsage({}, as({ ...ann, tenant: "other" }));
    expect(stranger.total?.charges).toBe(0n);
  });

  it("names each limit that a hold would exceed", async () => {
    const { cost, as, lines } = await start({ transport });
    await cost.setLimit({ scope: LimitScope.USER_DAY, subject: "ann", limit: { nanoUsd: usd } }, as(ann));
    const failure = await failureOf(cost.hold({ holdId: "h1", amount: { nanoUsd: 2n * usd }, attribution }, as(ann)));
    expect(failure).toMatchObject({
      reason: "BUDGET_EXCEEDED",
      domain: "cost.agentmesh",
      metadata: { limits: "user_day" },
    });
    expect(failure?.message).toContain("the daily limit of the user is 1 USD, 0 spent and 0 reserved");
    expect(lines.filter((line) => line.includes("budget_exceeded"))).toHaveLength(1);
  });

  it.each([
    ["amount", "INVALID_AMOUNT", {}],
    ["amount", "INVALID_AMOUNT", { amount: { nanoUsd: -1n } }],
    ["amount", "INVALID_AMOUNT", { amount: { nanoUsd: 9_000_000_000_000_001n } }],
    ["run_limit", "INVALID_AMOUNT", { amount: { nanoUsd: 1n }, runLimit: { nanoUsd: -1n } }],
    [
      "run_limit",
      "INVALID_REQUEST",
      { amount: { nanoUsd: 1n }, runLimit: { nanoUsd: 1n }, attribution: { type: CostType.TOOL } },
    ],
    ["hold_id", "INVALID_REQUEST", { amount: { nanoUsd: 1n }, holdId: "" }],
    ["hold_id", "INVALID_REQUEST", { amount: { nanoUsd: 1n }, holdId: "x".repeat(129) }],
    ["time_to_live", "INVALID_REQUEST", { amount: { nanoUsd: 1n }, timeToLive: { seconds: 0n, nanos: 1 } }],
    ["time_to_live", "INVALID_REQUEST", { amount: { nanoUsd: 1n }, timeToLive: { seconds: 86_401n, nanos: 0 } }],
    ["attribution.type", "INVALID_REQUEST", { amount: { nanoUsd: 1n }, attribution: { runId: "r" } }],
    [
      "attribution.run_id",
      "INVALID_REQUEST",
      { amount: { nanoUsd: 1n }, attribution: { ...attribution, runId: "r".repeat(65) } },
    ],
  ])("refuses a hold with a bad %s by %s", async (field, reason, changes) => {
    const { cost, as } = await start({ transport });
    const failure = await failureOf(cost.hold({ holdId: "h", attribution, ...changes }, as(ann)));
    expect(failure).toMatchObject({ reason, metadata: { field } });
  });

  it("refuses absurd tokens, times and limits by field", async () => {
    const { cost, as } = await start({ transport });
    const amount = { nanoUsd: 1n };
    expect(await failureOf(cost.settle({ holdId: "h", amount, usage: { inputTokens: -1n } }, as(ann)))).toMatchObject({
      metadata: { field: "usage.input_tokens" },
    });
    expect(await failureOf(cost.getUsage({ from: { seconds: 1n << 62n, nanos: 0 } }, as(ann)))).toMatchObject({
      metadata: { field: "from" },
    });
    expect(await failureOf(cost.setLimit({ scope: LimitScope.GLOBAL_DAY, limit: amount }, as(ann)))).toMatchObject({
      reason: "INVALID_LIMIT",
      metadata: { field: "scope" },
    });
    expect(await failureOf(cost.setLimit({ scope: LimitScope.USER_DAY, limit: amount }, as(ann)))).toMatchObject({
      reason: "INVALID_LIMIT",
      metadata: { field: "subject" },
    });
  });

  it("answers wrong order and repeats with their own reasons", async () => {
    const { cost, as } = await start({ transport });
    const hold = { holdId: "h", amount: { nanoUsd: 10n }, attribution };
    expect((await failureOf(cost.settle({ holdId: "h", amount: { nanoUsd: 1n } }, as(ann))))?.reason).toBe(
      "HOLD_NOT_FOUND",
    );
    expect((await failureOf(cost.release({ holdId: "h" }, as(ann))))?.reason).toBe("HOLD_NOT_FOUND");
    await cost.hold(hold, as(ann));
    await cost.hold(hold, as(ann));
    expect((await failureOf(cost.hold({ ...hold, amount: { nanoUsd: 11n } }, as(ann))))?.reason).toBe("HOLD_CONFLICT");
    expect((await cost.settle({ holdId: "h", amount: { nanoUsd: 15n } }, as(ann))).overrun?.nanoUsd).toBe(5n);
    expect((await cost.settle({ holdId: "h", amount: { nanoUsd: 15n } }, as(ann))).overrun?.nanoUsd).toBe(5n);
    expect((await failureOf(cost.settle({ holdId: "h", amount: { nanoUsd: 1n } }, as(ann))))?.reason).toBe(
      "SETTLE_CONFLICT",
    );
    expect((await failureOf(cost.release({ holdId: "h" }, as(ann))))?.reason).toBe("HOLD_SETTLED");
    await cost.hold({ ...hold, holdId: "i" }, as(ann));
    await cost.release({ holdId: "i" }, as(ann));
    expect((await failureOf(cost.settle({ holdId: "i", amount: { nanoUsd: 1n } }, as(ann))))?.reason).toBe(
      "HOLD_RELEASED",
    );
  });

  it("shows what the installation spends only to those who may do everything", async () => {
    const { cost, as } = await start({ transport });
    await cost.hold({ holdId: "h", amount: { nanoUsd: 7n }, attribution }, as({ ...ann, tenant: "other" }));
    const global = async (scopes: string[]) => {
      const { limits } = await cost.listLimits({}, as({ ...ann, scopes }));
      return limits.find(({ scope }) => scope === LimitScope.GLOBAL_DAY);
    };
    expect((await global(["usage:read"]))?.held).toBeUndefined();
    expect((await global(["*"]))?.held?.nanoUsd).toBe(7n);
  });

  it("refuses usage and limits without their scopes", async () => {
    const { cost, as } = await start({ transport });
    const nobody = as({ ...ann, scopes: [] });
    for (const call of [cost.getUsage({}, nobody), cost.listLimits({}, nobody), cost.setLimit({}, nobody)]) {
      expect((await failureOf(call))?.reason).toBe("SCOPE_MISSING");
    }
  });
});

describe("cost as a process", () => {
  it("charges abandoned holds as estimates, also those that expired while it was down", async () => {
    let now = Date.UTC(2026, 10, 21, 12);
    const first = await start({ transport: "direct", clock: () => now });
    const hold = { amount: { nanoUsd: 10n }, attribution, timeToLive: { seconds: 60n, nanos: 0 } };
    await first.cost.hold({ ...hold, holdId: "a" }, first.as(ann));
    now += 60_000;
    const charged = async ({ cost, as }: typeof first) => (await cost.getUsage({}, as(ann))).total?.estimated?.nanoUsd;
    await until(async () => (await charged(first)) === 10n);
    await first.cost.hold({ ...hold, holdId: "b" }, first.as(ann));
    await first.running.stop(0);
    now += 3_600_000;
    const second = await start({ transport: "direct", clock: () => now, data: first.directory });
    await until(async () => (await charged(second)) === 20n);
  });

  it("reports spending, overruns, refusals and open holds as metrics", async () => {
    const { cost, as, running } = await start({ transport: "direct" });
    await cost.hold({ holdId: "a", amount: { nanoUsd: usd }, attribution }, as(ann));
    await cost.settle({ holdId: "a", amount: { nanoUsd: 3n * usd } }, as(ann));
    await cost.hold({ holdId: "b", amount: { nanoUsd: usd }, attribution }, as(ann));
    await failureOf(cost.hold({ holdId: "c", amount: { nanoUsd: 6n * usd }, attribution }, as(ann)));
    const scrape = async () => {
      const response = await fetch(`http://${running.addresses.metrics}/metrics`);
      return parseExposition(await response.text());
    };
    const value = async (name: string, labels: Record<string, string> = {}) => {
      const matches = (sample: { name: string; labels: Readonly<Record<string, string>> }) =>
        sample.name === name && Object.entries(labels).every(([label, wanted]) => sample.labels[label] === wanted);
      return (await scrape()).samples.find(matches)?.value;
    };
    expect(await value("agent_cost_usd_total", { agent_id: "assistant", cost_type: "model" })).toBe(3);
    expect(await value("cost_overruns_total", { cost_type: "model" })).toBe(1);
    expect(await value("cost_overrun_usd_total", { cost_type: "model" })).toBe(2);
    expect(await value("cost_holds_rejected_total", { limit_scope: "request" })).toBe(1);
    await until(async () => (await value("cost_holds_open")) === 1);
  });

  it.each(["-1", "1e3", "abc", "9000001", "0.0000000001", "Infinity"])(
    "refuses to start with a limit of %s",
    async (text) => {
      const environment = { AGENTMESH_COST_REQUEST_LIMIT_USD: text };
      await expect(start({ transport: "direct", environment })).rejects.toThrow("AGENTMESH_COST_REQUEST_LIMIT_USD");
    },
  );
});
