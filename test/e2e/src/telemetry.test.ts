import { type OtlpReceiver, parseExposition, type ReceivedSpan, startOtlpReceiver } from "@agentmesh/telemetry/testing";
import { afterAll, expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { eventsOf } from "./harness/runs.ts";
import type { TestMesh } from "./harness/test-mesh.ts";
import { Trace } from "./harness/trace.ts";

const kinds = { internal: 1, server: 2, client: 3 } as const;
// Long enough that no id holds it by chance.
const question = "1234567 * 89";
const product = "109876463";
const receivers: OtlpReceiver[] = [];

afterAll(async () => {
  for (const receiver of receivers) await receiver.close();
});

async function prepare(): Promise<Record<string, string>> {
  const receiver = await startOtlpReceiver();
  receivers.push(receiver);
  return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
}

/** A run that calls a tool and keeps a session, and its trace. */
async function tracedRun(mesh: TestMesh): Promise<Trace> {
  const { agents } = await mesh.person();
  const before = new Set(spans().map(({ traceId }) => traceId));
  await eventsOf(
    agents.streamRun({ run: { agentId: "assistant", input: `What is ${question}?`, sessionId: "traced" } }),
  );
  await mesh.running.telemetry.flush();
  const root = ({ name, traceId }: ReceivedSpan) => name.endsWith("AgentService/StreamRun") && !before.has(traceId);
  const found = await receivers.at(-1)?.waitFor((all) => all.some(root));
  const { traceId } = found?.find(root) ?? {};
  return new Trace(spans().filter((span) => span.traceId === traceId));
}

function spans(): readonly ReceivedSpan[] {
  return receivers.at(-1)?.spans ?? [];
}

describeMesh("the trace of one run", { prepare }, (mesh, { transport }) => {
  it("shows every hop under the hop that caused it", async () => {
    const trace = await tracedRun(mesh());
    const root = trace.one("agentmesh.gateway.v1.AgentService/StreamRun", kinds.server);
    expect(root.parentSpanId).toBe("");
    expect(trace.orphans()).toEqual([]);
    trace.expectPath("StreamRun", "OrchestratorService/StartRun", "validate", "GuardrailService/Check");
    trace.expectPath("StreamRun", "invoke_agent assistant", "execute_step", "LlmRouterService/StreamGenerate", "chat ");
    expect(trace.spans.filter(({ name }) => name.startsWith("chat ")).map(({ kind }) => kind)).toEqual([
      kinds.client,
      kinds.client,
    ]);
    trace.expectPath("chat ", "CostService/Hold");
    trace.expectPath("chat ", "CostService/Settle");
    trace.expectPath("invoke_agent assistant", "execute_step", "execute_tool calculator");
    trace.expectPath("execute_step", "ToolRegistryService/ExecuteTool");
    trace.expectPath("invoke_agent assistant", "MemoryService/LoadWindow");
    trace.expectPath("invoke_agent assistant", "MemoryService/AppendTurn");
    const rpcs = trace.spans.filter(({ name }) => name.includes("/"));
    for (const span of rpcs.filter((rpc) => rpc.kind === kinds.server && rpc !== root)) {
      const parent: ReceivedSpan | undefined = trace.parentOf(span);
      expect([span.name, parent?.name, parent?.kind]).toEqual([span.name, span.name, kinds.client]);
    }
    expect(transport).toMatch(/direct|grpc/);
  });

  it("names module, run and model, and holds nothing of what was said", async () => {
    const trace = await tracedRun(mesh());
    const modules = new Set(trace.spans.map(({ attributes }) => attributes["agentmesh.module"]));
    expect([...modules].toSorted()).toEqual(
      ["cost", "gateway", "guardrail", "llm-router", "memory", "orchestrator", "tool-registry"].toSorted(),
    );
    const agent = trace.one("invoke_agent assistant", kinds.internal);
    expect(agent.attributes["agentmesh.run.id"]).toMatch(/^run_/);
    expect(
      trace.spans.some(({ attributes }) => String(attributes["gen_ai.response.model"]).includes("simulator")),
    ).toBe(true);
    const attributes = JSON.stringify(trace.spans.map((span) => [span.name, span.attributes]));
    for (const content of [question, product, mesh().admin.secret]) expect(attributes).not.toContain(content);
  });

  it("has its log lines: who asked what of whom, under the same trace, without a word of it", async () => {
    const trace = await tracedRun(mesh());
    const { traceId } = trace.spans[0] ?? {};
    const lines = mesh()
      .logText()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
    const own = lines.filter(({ trace_id }) => trace_id === traceId);
    const events = own.map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(["agent_request", "llm_call", "tool_call", "agent_response"]));
    expect(own.find(({ event }) => event === "agent_response")).toMatchObject({
      agent_id: "assistant",
      status: "succeeded",
    });
    for (const content of [question, product]) expect(JSON.stringify(own)).not.toContain(content);
  });

  it("continues the trace of a caller that sends one", async () => {
    const { agents } = await mesh().person();
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    await agents.listAgents({}, { headers });
    await mesh().running.telemetry.flush();
    const found = await receivers.at(-1)?.waitFor((all) => all.some((span) => span.traceId === traceId));
    const own = found?.filter((span) => span.traceId === traceId) ?? [];
    expect(own.find(({ name }) => name.endsWith("AgentService/ListAgents"))?.parentSpanId).toBe("b7ad6b7169203331");
  });

  it("is named by the exemplars of /metrics, which parses", async () => {
    const trace = await tracedRun(mesh());
    const response = await fetch(`http://${mesh().running.addresses.metrics}/metrics`, {
      headers: { accept: "application/openmetrics-text; version=1.0.0" },
    });
    expect(response.headers.get("content-type")).toContain("application/openmetrics-text");
    const text = await response.text();
    expect(text.trimEnd().endsWith("# EOF")).toBe(true);
    const { samples } = parseExposition(text);
    const names = new Set(samples.map(({ name }) => name));
    for (const name of agentMetrics) expect([...names]).toContain(name);
    const latency = samples.filter(({ name }) => name === "agent_request_latency_seconds_bucket");
    const exemplars = latency.flatMap(({ exemplar }) => (exemplar === undefined ? [] : [exemplar.labels.trace_id]));
    expect(exemplars).toContain(trace.spans[0]?.traceId);
    const requests = samples.filter(
      ({ name, labels }) => name === "agent_requests_total" && labels.agent_id === "assistant",
    );
    expect(requests.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThanOrEqual(1);
    const labels = JSON.stringify(samples.map((sample) => sample.labels));
    for (const forbidden of ["user-", "run_", mesh().admin.key.id]) expect(labels).not.toContain(forbidden);
  });
});

const agentMetrics = [
  "agent_requests_total",
  "agent_request_latency_seconds_count",
  "agent_runs_in_flight",
  "agent_active_sessions",
  "agent_cost_usd_total",
  "tool_calls_total",
  "tool_call_latency_seconds_count",
  "llm_call_latency_seconds_count",
  "llm_time_to_first_token_seconds_count",
  "llm_tokens_total",
  "rpc_server_duration_seconds_count",
  "rpc_client_duration_seconds_count",
];
