/** The services behind the gateway as their contracts promise, over real gRPC, with answers that tests can foresee. */
import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import {
  type CheckResultSchema,
  type CheckStreamResponseSchema,
  type Content,
  GuardrailService,
} from "@agentmesh/contracts/guardrail/v1/guardrail";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { FinishReason, ModelKind, type Prompt } from "@agentmesh/contracts/llm_router/v1/model";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { OrchestratorService, type StartRunRequest } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { Role, Verdict } from "@agentmesh/contracts/type/v1/types";
import { bind, createGrpcServer, HealthState, rpcError, type ServiceBinding } from "@agentmesh/rpc";
import type { DescService, MessageInitShape } from "@bufbuild/protobuf";
import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";

/** What the owners saw and did. */
export interface Seen {
  readonly prompts: Prompt[];
  readonly starts: StartRunRequest[];
  readonly cancelled: string[];
  /** Milliseconds that the router's callers gave it. */
  readonly timeouts: (number | undefined)[];
  /** Calls of the router whose caller left. */
  aborted: number;
}

/** The owners on one port. */
export interface Owners {
  readonly address: string;
  readonly seen: Seen;
  close(): Promise<void>;
}

const cost = { nanoUsd: 1_500n };
const usage = { inputTokens: 11n, outputTokens: 7n };

/** Serves the owners' contracts on a free port. */
export async function openOwners(): Promise<Owners> {
  const seen: Seen = { prompts: [], starts: [], cancelled: [], timeouts: [], aborted: 0 };
  const bindings = [
    bind(LlmRouterService, router(seen)),
    bind(GuardrailService, guardrail()),
    bind(OrchestratorService, orchestrator(seen)),
    partly(MemoryService, memory()),
    partly(CostService, money()),
  ];
  const health = new HealthState();
  const server = createGrpcServer({
    bindings,
    interceptors: [],
    maxMessageBytes: 4_194_304,
    health,
    reflection: false,
  });
  const port = await server.listen("127.0.0.1", 0);
  return { address: `127.0.0.1:${port}`, seen, close: () => server.close() };
}

function partly<S extends DescService>(service: S, implementation: Partial<ServiceImpl<S>>): ServiceBinding {
  const missing = () => Promise.reject(rpcError(Code.Unimplemented, "UNIMPLEMENTED", "not part of this fixture"));
  const all = Object.fromEntries(service.methods.map(({ localName }) => [localName, missing]));
  return { service, implementation: { ...all, ...implementation } };
}

function lastText(prompt: Prompt | undefined): string {
  const content = prompt?.messages.at(-1)?.parts.at(-1)?.content;
  return content?.case === "text" ? content.value : "";
}

/** Answers "echo: <last text>", or calls the first tool. */
function answerTo(prompt: Prompt | undefined) {
  const text = `echo: ${lastText(prompt)}`;
  const [tool] = prompt?.tools ?? [];
  const toolCalls =
    tool === undefined ? [] : [{ id: "call_1", name: tool.name, argumentsJson: `{"q":"${lastText(prompt)}"}` }];
  const parts = tool === undefined ? [{ content: { case: "text" as const, value: text } }] : [];
  return {
    id: "g1",
    message: { role: Role.ASSISTANT, parts, toolCalls },
    finishReason: tool === undefined ? FinishReason.STOP : FinishReason.TOOL_CALLS,
    model: `${prompt?.model}-2026`,
    provider: "fixture",
    usage,
    cost,
    routeReason: "requested",
    attempts: 1,
  };
}

async function untilLeft(seen: Seen, context: HandlerContext): Promise<never> {
  await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
  seen.aborted += 1;
  throw context.signal.reason;
}

function refuse(prompt: Prompt | undefined): void {
  if (prompt?.model === "unknown") throw rpcError(Code.NotFound, "MODEL_NOT_FOUND", "there is no such model");
  if (prompt?.model === "poor") throw rpcError(Code.ResourceExhausted, "BUDGET_EXCEEDED", "the budget is used up");
  if (prompt?.model === "broken") throw new Error("secret detail");
}

function router(seen: Seen): ServiceImpl<typeof LlmRouterService> {
  const note = (prompt: Prompt | undefined, context: HandlerContext) => {
    if (prompt !== undefined) seen.prompts.push(prompt);
    seen.timeouts.push(context.timeoutMs());
    refuse(prompt);
  };
  return {
    async generate({ prompt }, context) {
      note(prompt, context);
      if (prompt?.model === "silent") await untilLeft(seen, context);
      return { generation: answerTo(prompt) };
    },
    async *streamGenerate({ prompt }, context) {
      note(prompt, context);
      const generation = answerTo(prompt);
      yield {
        event: { event: { case: "started", value: { id: "g1", model: prompt?.model ?? "", provider: "fixture" } } },
      };
      const [part] = generation.message.parts;
      const words = prompt?.model === "sudden" ? [] : (part?.content.value.split(/(?<= )/) ?? []);
      for (const word of words) {
        yield { event: { event: { case: "textDelta", value: word } } };
      }
      if (prompt?.model === "cut") throw rpcError(Code.Unavailable, "STREAM_INTERRUPTED", "the provider went away");
      if (prompt?.model === "silent") await untilLeft(seen, context);
      yield { event: { event: { case: "completed", value: generation } } };
    },
    async embed({ model, inputs }) {
      return {
        embeddings: inputs.map((input) => ({ values: [0.5, input.length] })),
        model: model || "lexical",
        usage,
        cost,
      };
    },
    async listModels() {
      return { models: [{ name: "small", provider: "fixture", kind: ModelKind.GENERATION }] };
    },
  };
}

/** Blocks "forbidden", takes "bob@example.com" out, has no verdict for "undecided". */
function resultOf({ text }: Pick<Content, "text">): MessageInitShape<typeof CheckResultSchema> & { verdict: Verdict } {
  if (text.includes("forbidden")) {
    return {
      verdict: Verdict.BLOCK,
      findings: [{ detector: "test.word", category: "blocked_pattern", action: Verdict.BLOCK }],
    };
  }
  if (text.includes("undecided")) return { verdict: Verdict.UNSPECIFIED };
  if (!text.includes("bob@example.com")) return { verdict: Verdict.ALLOW };
  return { verdict: Verdict.REDACT, redactedText: text.replaceAll("bob@example.com", "[email]") };
}

function passing(text: string): MessageInitShape<typeof CheckStreamResponseSchema> {
  const { verdict, findings = [], redactedText = text } = resultOf({ text });
  return verdict === Verdict.BLOCK ? { verdict, findings } : { verdict, textDelta: redactedText };
}

function guardrail(): ServiceImpl<typeof GuardrailService> {
  return {
    async check({ contents }) {
      const results = contents.map(resultOf);
      return { verdict: Math.max(...results.map(({ verdict }) => verdict)) as Verdict, results };
    },
    // Holds the last word back until the next one shows that it is whole.
    async *checkStream(requests) {
      let held = "";
      for await (const { request } of requests) {
        if (request.case !== "textDelta") continue;
        const passed = passing(held);
        yield passed;
        if (passed.verdict === Verdict.BLOCK) return;
        held = request.value;
      }
      yield passing(held);
    },
    async listPolicies() {
      return {};
    },
    async assessEscalation() {
      return {};
    },
    async restore() {
      return {};
    },
  };
}

function orchestrator(seen: Seen): ServiceImpl<typeof OrchestratorService> {
  const started = () => seen.starts.at(-1);
  const output = () => ({
    role: Role.ASSISTANT,
    parts: [{ content: { case: "text" as const, value: `agent: ${started()?.input}` } }],
  });
  const ended = (id: string) => {
    if (started()?.agentId !== "failing") return { id, status: RunStatus.SUCCEEDED, output: output(), usage, cost };
    return { id, status: RunStatus.FAILED, error: { reason: "ITERATION_LIMIT", message: "too many turns" }, cost };
  };
  return {
    async listAgents() {
      return { agents: [{ id: "assistant" }] };
    },
    async startRun(request) {
      if (request.agentId === "nobody") throw rpcError(Code.NotFound, "AGENT_NOT_FOUND", "there is no such agent");
      seen.starts.push(request);
      return { run: { id: `r${seen.starts.length}`, agentId: request.agentId, status: RunStatus.QUEUED } };
    },
    async getRun({ runId }) {
      return { run: ended(runId) };
    },
    async waitRun({ runId }, context) {
      if (started()?.agentId === "endless") await untilLeft(seen, context);
      return { run: ended(runId) };
    },
    async *watchRun({ runId }, context) {
      yield { event: { runId, seq: 1n, event: { case: "accepted", value: { agentId: started()?.agentId ?? "" } } } };
      yield { event: { runId, event: { case: "textDelta", value: { stepKey: "s1", text: "agent: " } } } };
      if (started()?.agentId === "endless") await untilLeft(seen, context);
      if (started()?.agentId === "failing") {
        const error = { reason: "ITERATION_LIMIT", message: "too many turns" };
        yield { event: { runId, seq: 2n, event: { case: "failed", value: { error } } } };
        return;
      }
      yield { event: { runId, seq: 2n, event: { case: "succeeded", value: { output: output(), usage, cost } } } };
    },
    async listRuns() {
      return {};
    },
    async cancelRun({ runId }) {
      seen.cancelled.push(runId);
      return { run: { id: runId, status: RunStatus.CANCELLED } };
    },
  };
}

function memory(): Partial<ServiceImpl<typeof MemoryService>> {
  return {
    async getSession({ sessionId }) {
      if (sessionId !== "s1") throw rpcError(Code.NotFound, "SESSION_NOT_FOUND", "there is no such session");
      return { session: { id: "s1", version: 1n } };
    },
    async listMessages() {
      return { messages: [{ position: 1n }], nextPageToken: "more" };
    },
  };
}

function money(): Partial<ServiceImpl<typeof CostService>> {
  return {
    async getUsage({ user }) {
      return { rows: [{ key: user, amount: cost }], total: { amount: cost } };
    },
  };
}
