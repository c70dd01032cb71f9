/** The service as others meet it: over both transports, with a memory service behind it. */
import { join } from "node:path";
import { defineSettings } from "@agentmesh/config";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { ToolRegistryService } from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { defineModule, type ModuleHost, startProcess } from "@agentmesh/modules";
import { bind, callOptionsOf, errorInfoOf, rpcError, scopeOf } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { toolRegistryModule } from "./module.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const ann = { tenant: "acme", user: "ann", keyId: "k1", roles: [], scopes: ["memory:read", "memory:write"] };

/** Stands in for memory at its contract: texts by tenant, user and collection, found by a word. */
function memoryModule() {
  const texts = new Map<string, { owner: string; text: string }>();
  const ownerOf = (context: Parameters<ServiceImpl<typeof MemoryService>["recall"]>[1], collection: string) => {
    const { tenant, user } = scopeOf(context).credential!.principal;
    return `${tenant}/${user}/${collection}`;
  };
  const handlers: Partial<ServiceImpl<typeof MemoryService>> = {
    remember({ id, collection, text }, context) {
      texts.set(id, { owner: ownerOf(context, collection), text });
      return { record: { id, text } };
    },
    recall({ collection, query }, context) {
      if (query === "refuse") throw rpcError(Code.InvalidArgument, "INVALID_QUERY", "Ask about something else.");
      if (query === "break") throw rpcError(Code.Unavailable, "DOWN", "address 10.0.0.1 is down");
      const owner = ownerOf(context, collection);
      const found = [...texts].filter(([, known]) => known.owner === owner && known.text.includes(query));
      return { results: found.map(([id, { text }]) => ({ record: { id, text }, score: 0.5 })) };
    },
  };
  const unexpected = Object.fromEntries(MemoryService.methods.map(({ localName }) => [localName, () => ({})]));
  const implementation = { ...unexpected, ...handlers } as ServiceImpl<typeof MemoryService>;
  return defineModule({
    name: "memory",
    settings: defineSettings("memory", {}),
    dependsOn: [],
    services: [MemoryService],
    create: async () => ({ bindings: [bind(MemoryService, implementation)], async stop() {} }),
  });
}

async function start(transport: string, environment: Record<string, string> = {}) {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  const hosts: ModuleHost[] = [];
  const caller = defineModule({
    name: "orchestrator",
    settings: defineSettings("orchestrator", {}),
    dependsOn: ["tool-registry"],
    services: [],
    signsPrincipals: true,
    async create(host) {
      hosts.push(host);
      return { bindings: [], async stop() {} };
    },
  });
  const ports = ["METRICS", "MEMORY_GRPC", "TOOL_REGISTRY_GRPC", "ORCHESTRATOR_GRPC"].map((name) => [
    `AGENTMESH_${name}_PORT`,
    "0",
  ]);
  const lines: string[] = [];
  const running = await startProcess({
    name: "test",
    modules: [toolRegistryModule, memoryModule(), caller],
    environment: {
      ...Object.fromEntries(ports),
      AGENTMESH_DATA_DIR: join(folder.path, "data"),
      AGENTMESH_TRANSPORT: transport,
      ...environment,
    },
    logDestination: { write: (line) => lines.push(line) },
    verify: true,
  });
  cleanups.push(() => running.stop(0));
  const host = hosts[0]!;
  const as = (principal: typeof ann, signal = new AbortController().signal) => {
    const credential = host.signer!.credential(principal);
    return callOptionsOf({ signal, deadline: undefined, credential, span: undefined });
  };
  return { tools: host.client(ToolRegistryService), as, lines };
}

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return errorInfoOf(error);
}

const step = (stepKey: string, tool: string, given: object) => ({
  runId: "r1",
  stepKey,
  tool,
  argumentsJson: JSON.stringify(given),
});

describe.each(["direct", "grpc"])("tool-registry over %s", (transport) => {
  it("lists its tools with schemas, scopes and prices", async () => {
    const environment = {
      AGENTMESH_TOOL_REGISTRY_PRICES: "calculator=0.000001",
      AGENTMESH_TOOL_REGISTRY_PRICE_PER_CALL_USD: "0.5",
    };
    const { tools, as } = await start(transport, environment);
    const { tools: listed } = await tools.listTools({}, as(ann));
    expect(
      listed.map(({ definition, price, requiredScope }) => [definition?.name, price?.nanoUsd, requiredScope]),
    ).toEqual([
      ["calculator", 1_000n, ""],
      ["clock", 500_000_000n, ""],
      ["recall", 500_000_000n, "memory:read"],
      ["remember", 500_000_000n, "memory:write"],
    ]);
    const { tools: two } = await tools.listTools({ names: ["recall", "clock"] }, as(ann));
    expect(two.map(({ definition }) => definition?.name)).toEqual(["recall", "clock"]);
    expect(two[0]).toMatchObject({ timeoutMs: 10_000, idempotent: true, settingsSchema: { type: "object" } });
    expect((await failureOf(tools.listTools({ names: ["none"] }, as(ann))))?.reason).toBe("TOOL_NOT_FOUND");
  });

  it("executes a step once and replays its result", async () => {
    const { tools, as, lines } = await start(transport);
    const request = step("s1", "calculator", { expression: "2 + 2" });
    expect(await tools.executeTool(request, as(ann))).toMatchObject({
      content: "4",
      isError: false,
      errorReason: "",
      replayed: false,
    });
    expect(await tools.executeTool(request, as(ann))).toMatchObject({ content: "4", replayed: true });
    const conflict = await failureOf(tools.executeTool(step("s1", "calculator", { expression: "2 + 3" }), as(ann)));
    expect(conflict).toMatchObject({
      reason: "STEP_CONFLICT",
      metadata: { run_id: "r1", step_key: "s1", tool: "calculator" },
    });
    expect(lines.filter((line) => line.includes('"tool_call"'))).toHaveLength(2);
    expect(lines.join()).not.toContain("2 + 2");
  });

  it("answers arguments that it does not accept with a result that the model can act on", async () => {
    const { tools, as } = await start(transport);
    const refused = await tools.executeTool(
      { ...step("s1", "calculator", {}), argumentsJson: '{"expression":' },
      as(ann),
    );
    expect(refused).toMatchObject({ isError: true, errorReason: "INVALID_ARGUMENTS" });
    const failed = await tools.executeTool(step("s1", "calculator", { expression: "1 / 0" }), as(ann));
    expect(failed).toMatchObject({ isError: true, errorReason: "TOOL_FAILED", content: "Division by zero." });
  });

  it("remembers and recalls for the principal of the call, in the agent's collection", async () => {
    const { tools, as } = await start(transport);
    const settings = { collection: "notes" };
    const remember = { ...step("s1", "remember", { text: "blue is liked" }), settings };
    expect((await tools.executeTool(remember, as(ann))).content).toBe("Remembered.");
    const recall = (stepKey: string, principal: typeof ann, given = settings) =>
      tools.executeTool({ ...step(stepKey, "recall", { query: "blue" }), settings: given }, as(principal));
    expect((await recall("s2", ann)).content).toContain("blue is liked");
    expect((await recall("s3", { ...ann, tenant: "other" })).content).toBe("Nothing was found.");
    expect((await recall("s4", ann, { collection: "other" })).content).toBe("Nothing was found.");
  });

  it("tells the model what memory says it can do, and nothing of memory's faults", async () => {
    const { tools, as, lines } = await start(transport);
    const recall = (query: string) => tools.executeTool(step(query, "recall", { query }), as(ann));
    expect(await recall("refuse")).toMatchObject({ content: "Ask about something else.", errorReason: "TOOL_FAILED" });
    const broken = await recall("break");
    expect(broken).toMatchObject({ isError: true, errorReason: "TOOL_FAILED" });
    expect(broken.content).not.toContain("10.0.0.1");
    expect(lines.some((line) => line.includes("A tool failed unexpectedly."))).toBe(true);
  });

  it("refuses what the principal may not do and what is no step", async () => {
    const { tools, as } = await start(transport);
    const nobody = { ...ann, scopes: ["memory:read"] };
    const forbidden = await failureOf(tools.executeTool(step("s1", "remember", { text: "x" }), as(nobody)));
    expect(forbidden).toMatchObject({ reason: "TOOL_FORBIDDEN", metadata: { required_scope: "memory:write" } });
    for (const [field, changes] of [
      ["run_id", { runId: "" }],
      ["run_id", { runId: "r".repeat(65) }],
      ["step_key", { stepKey: "" }],
      ["step_key", { stepKey: "a\0b" }],
    ] as const) {
      const failure = await failureOf(tools.executeTool({ ...step("s", "clock", {}), ...changes }, as(ann)));
      expect(failure).toMatchObject({ reason: "INVALID_REQUEST", metadata: { field } });
    }
    const settings = { collection: 5 };
    const wrong = await failureOf(tools.executeTool({ ...step("s", "recall", { query: "x" }), settings }, as(ann)));
    expect(wrong).toMatchObject({ reason: "INVALID_SETTINGS" });
    expect(wrong?.message).toContain("collection: must be string, not a number (5)");
  });

  it("executes 200 steps at once, each once", async () => {
    const { tools, as } = await start(transport);
    const calls = Array.from({ length: 200 }, (_, n) =>
      tools.executeTool(step(`s${n % 100}`, "calculator", { expression: `${n % 100} * 2` }), as(ann)),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ content }) => content)).toEqual(Array.from({ length: 200 }, (_, n) => String((n % 100) * 2)));
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(100);
  });
});

describe("prices", () => {
  it.each([
    "calculator",
    "calculator=-1",
    "calculator=1,calculator=2",
    "calculator=0.0000000001",
    "unknown=1",
    "calculator=",
  ])("refuse to start with %s", async (text) => {
    await expect(start("direct", { AGENTMESH_TOOL_REGISTRY_PRICES: text })).rejects.toThrow(
      /AGENTMESH_TOOL_REGISTRY_PRICES/,
    );
  });
});
