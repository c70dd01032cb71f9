/**
 * The catalogue of names: shared metrics, spans, attributes and log events. One module, because the OpenTelemetry
 * GenAI conventions still move and dashboards depend on every name here. A service's own metrics are in its `metrics.ts`.
 */
import { defineEvent } from "./log-event.ts";
import { defineMetric } from "./metric-definition.ts";

/** Bucket bounds by what is measured. */
export const buckets = {
  /** Calls inside the mesh, seconds: 0.1 ms to 30 s. */
  rpcSeconds: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  /** Checks and lookups in memory, seconds: 10 µs to 100 ms. */
  checkSeconds: [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1],
  /** Model calls, seconds: 5 ms to 120 s. */
  modelSeconds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 90, 120],
  /** Tool calls, seconds: 0.1 ms to 120 s. */
  toolSeconds: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
  /** Whole agent requests, seconds: 5 ms to 10 min. */
  agentSeconds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600],
  /** Messages and documents, bytes: 64 B to 16 MB. */
  bytes: [64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216],
} as const;

/** Metrics that dashboards and alerts rely on. All carry the label `service` besides. */
export const sharedMetrics = {
  agentRequests: defineMetric({
    name: "agent_requests_total",
    help: "Agent runs that ended, by how they ended.",
    type: "counter",
    labels: ["agent_id", "status"],
  }),
  agentRequestLatency: defineMetric({
    name: "agent_request_latency_seconds",
    help: "Time from the start of an agent run to its end.",
    type: "histogram",
    labels: ["agent_id", "status"],
    buckets: buckets.agentSeconds,
  }),
  agentErrors: defineMetric({
    name: "agent_errors_total",
    help: "Errors that ended an agent run, by stable reason.",
    type: "counter",
    labels: ["agent_id", "error_type"],
  }),
  agentActiveSessions: defineMetric({
    name: "agent_active_sessions",
    help: "Sessions with a run in progress.",
    type: "gauge",
    labels: ["agent_id"],
  }),
  agentRunsInFlight: defineMetric({
    name: "agent_runs_in_flight",
    help: "Agent runs that this process is carrying out.",
    type: "gauge",
    labels: ["agent_id"],
  }),
  agentCost: defineMetric({
    name: "agent_cost_usd_total",
    help: "Money booked, in US dollars; cost_type is model, embedding, tool or retrieval.",
    type: "counter",
    labels: ["agent_id", "cost_type"],
  }),
  toolCalls: defineMetric({
    name: "tool_calls_total",
    help: "Tool calls that ended, by how they ended.",
    type: "counter",
    labels: ["tool_name", "status"],
  }),
  toolCallLatency: defineMetric({
    name: "tool_call_latency_seconds",
    help: "Time of a tool call, validation included.",
    type: "histogram",
    labels: ["tool_name", "status"],
    buckets: buckets.toolSeconds,
  }),
  llmCallLatency: defineMetric({
    name: "llm_call_latency_seconds",
    help: "Time from a model call to its last token.",
    type: "histogram",
    labels: ["model", "status"],
    buckets: buckets.modelSeconds,
  }),
  llmTimeToFirstToken: defineMetric({
    name: "llm_time_to_first_token_seconds",
    help: "Time from a streamed model call to its first token.",
    type: "histogram",
    labels: ["model"],
    buckets: buckets.modelSeconds,
  }),
  llmTokens: defineMetric({
    name: "llm_tokens_total",
    help: "Tokens used; token_type is input, output, cached_input or reasoning.",
    type: "counter",
    labels: ["model", "token_type"],
  }),
  llmCallsInFlight: defineMetric({
    name: "llm_calls_in_flight",
    help: "Model calls waiting for a provider.",
    type: "gauge",
    labels: ["model"],
  }),
  guardrailViolations: defineMetric({
    name: "guardrail_violations_total",
    help: "Findings of the guardrails, by boundary of the run, layer of the check, category and what was done; shadow_ actions were only noted.",
    type: "counter",
    labels: ["boundary", "layer", "category", "action"],
  }),
  rpcServerDuration: defineMetric({
    name: "rpc_server_duration_seconds",
    help: "Time from receiving a call to its last message.",
    type: "histogram",
    labels: ["rpc_service", "rpc_method", "code"],
    buckets: buckets.rpcSeconds,
  }),
  rpcServerInFlight: defineMetric({
    name: "rpc_server_in_flight",
    help: "Calls being answered.",
    type: "gauge",
    labels: ["rpc_service"],
  }),
  rpcServerShed: defineMetric({
    name: "rpc_server_shed_total",
    help: "Calls refused because the concurrency limit was reached.",
    type: "counter",
    labels: ["rpc_service"],
  }),
  rpcServerConcurrencyLimit: defineMetric({
    name: "rpc_server_concurrency_limit",
    help: "Calls in flight above which calls are refused.",
    type: "gauge",
  }),
  rpcClientDuration: defineMetric({
    name: "rpc_client_duration_seconds",
    help: "Time from making a call to its last message.",
    type: "histogram",
    labels: ["dependency", "rpc_method", "code"],
    buckets: buckets.rpcSeconds,
  }),
  rpcClientInFlight: defineMetric({
    name: "rpc_client_in_flight",
    help: "Calls waiting for an answer.",
    type: "gauge",
    labels: ["dependency"],
  }),
} as const;

/**
 * Span names. Low cardinality: a model's or tool's name may be part of a name, an id never.
 * GenAI: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, RPC: .../semconv/rpc/rpc-spans/.
 */
export const spanNames = {
  /** A call of an RPC, from either side: `agentmesh.cost.v1.CostService/Hold`. */
  rpc: (service: string, method: string) => `${service}/${method}`,
  /** A whole agent run. */
  invokeAgent: (agent: string) => `invoke_agent ${agent}`,
  /** Checking the input of a run before anything is spent. */
  validate: "validate",
  /** Assembling the prompt and deciding what comes next. */
  plan: "plan",
  /** One step of a run, recorded in its journal. */
  executeStep: "execute_step",
  /** A call of a tool. */
  executeTool: (tool: string) => `execute_tool ${tool}`,
  /** A model call in the router, retries included. */
  chat: (model: string) => `chat ${model}`,
  /** An embedding call. */
  embeddings: (model: string) => `embeddings ${model}`,
  /** Loading a session or recalling facts. */
  memoryRead: "memory read",
  /** Saving a turn or a fact. */
  memoryWrite: "memory write",
  /** A guardrail check at one stage. */
  guardrail: (stage: string) => `guardrail ${stage}`,
  /** Waiting for a person. */
  approval: "approval",
} as const;

/** Attribute names of spans. Values are names, numbers and reasons; never prompts, answers or arguments. */
export const attributes = {
  /** The module inside the process; the process itself is the resource's `service.name`. */
  module: "agentmesh.module",
  runId: "agentmesh.run.id",
  stepKey: "agentmesh.step.key",
  stepOrdinal: "agentmesh.step.ordinal",
  replayed: "agentmesh.step.replayed",
  tenant: "agentmesh.tenant",
  pattern: "agentmesh.pattern",
  status: "agentmesh.status",
  stage: "agentmesh.guardrail.stage",
  verdict: "agentmesh.guardrail.verdict",
  findings: "agentmesh.guardrail.findings",
  attempt: "agentmesh.attempt",
  routeReason: "agentmesh.route.reason",
  costNanoUsd: "agentmesh.cost.nano_usd",
  messages: "agentmesh.messages",
  agentName: "gen_ai.agent.name",
  agentVersion: "gen_ai.agent.version",
  conversationId: "gen_ai.conversation.id",
  operationName: "gen_ai.operation.name",
  providerName: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  responseModel: "gen_ai.response.model",
  responseId: "gen_ai.response.id",
  finishReasons: "gen_ai.response.finish_reasons",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  maxTokens: "gen_ai.request.max_tokens",
  temperature: "gen_ai.request.temperature",
  toolName: "gen_ai.tool.name",
  toolCallId: "gen_ai.tool.call.id",
  rpcSystem: "rpc.system",
  rpcService: "rpc.service",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.response.status_code",
  errorType: "error.type",
  serverAddress: "server.address",
  serverPort: "server.port",
} as const;

/** Log events. Durations are milliseconds, amounts nano-US-dollars as text (they exceed 2^53). */
export const events = {
  processStarted: defineEvent({
    name: "process_started",
    level: "info",
    message: "Ready.",
    fields: { modules: "string", engine: "string?", ready_ms: "number?" },
  }),
  processStopping: defineEvent({
    name: "process_stopping",
    level: "info",
    message: "Stopping: no new work is taken.",
    fields: { signal: "string?" },
  }),
  rpcServed: defineEvent({
    name: "rpc",
    level: "debug",
    message: "Call answered.",
    fields: {
      rpc_service: "string",
      rpc_method: "string",
      code: "string",
      duration_ms: "number",
      tenant: "string?",
      key_id: "string?",
    },
  }),
  rpcFailed: defineEvent({
    name: "rpc_error",
    level: "error",
    message: "Call failed by a fault of ours.",
    fields: {
      rpc_service: "string",
      rpc_method: "string",
      code: "string",
      reason: "string?",
      cause: "string?",
      at: "string?",
      duration_ms: "number?",
    },
  }),
  agentRequest: defineEvent({
    name: "agent_request",
    level: "info",
    message: "Run accepted.",
    fields: {
      run_id: "string",
      agent_id: "string",
      agent_version: "string?",
      session_id: "string?",
      tenant: "string?",
      pattern: "string?",
    },
  }),
  agentResponse: defineEvent({
    name: "agent_response",
    level: "info",
    message: "Run ended.",
    fields: {
      run_id: "string",
      agent_id: "string",
      status: "string",
      duration_ms: "number",
      steps: "number?",
      input_tokens: "number?",
      output_tokens: "number?",
      cost_nano_usd: "string?",
    },
  }),
  agentError: defineEvent({
    name: "agent_error",
    level: "warn",
    message: "Run failed.",
    fields: {
      run_id: "string",
      agent_id: "string",
      reason: "string",
      step: "string?",
      duration_ms: "number?",
      cause: "string?",
    },
  }),
  runResumed: defineEvent({
    name: "run_resumed",
    level: "info",
    message: "Run taken over from its journal.",
    fields: {
      run_id: "string",
      agent_id: "string",
      recorded_steps: "number",
      fencing_token: "string?",
      attempt: "number?",
    },
  }),
  runCancelled: defineEvent({
    name: "run_cancelled",
    level: "info",
    message: "Run cancelled.",
    fields: { run_id: "string", agent_id: "string", by: "string?" },
  }),
  leaseLost: defineEvent({
    name: "lease_lost",
    level: "warn",
    message: "Another worker owns the run now; nothing more is written for it here.",
    fields: { run_id: "string", fencing_token: "string?" },
  }),
  toolCall: defineEvent({
    name: "tool_call",
    level: "info",
    message: "Tool called.",
    fields: {
      tool_name: "string",
      status: "string",
      duration_ms: "number",
      run_id: "string?",
      step: "string?",
      reason: "string?",
      repeated: "boolean?",
    },
  }),
  llmCall: defineEvent({
    name: "llm_call",
    level: "info",
    message: "Model called.",
    fields: {
      model: "string",
      provider: "string",
      status: "string",
      duration_ms: "number",
      first_token_ms: "number?",
      attempts: "number?",
      input_tokens: "number?",
      output_tokens: "number?",
      cost_nano_usd: "string?",
      estimated: "boolean?",
      route_reason: "string?",
      reason: "string?",
      run_id: "string?",
    },
  }),
  llmRetry: defineEvent({
    name: "llm_retry",
    level: "warn",
    message: "Model call is tried again.",
    fields: { model: "string", provider: "string", attempt: "number", reason: "string", wait_ms: "number" },
  }),
  guardrailViolation: defineEvent({
    name: "guardrail_violation",
    level: "warn",
    message: "Guardrail found something.",
    fields: {
      category: "string",
      stage: "string",
      action: "string",
      layer: "string?",
      detector: "string?",
      rule: "string?",
      policy: "string?",
      score: "number?",
      run_id: "string?",
    },
  }),
  budgetExceeded: defineEvent({
    name: "budget_exceeded",
    level: "warn",
    message: "Hold refused: a limit would be exceeded.",
    fields: { limit: "string", tenant: "string?", agent_id: "string?", amount_nano_usd: "string?" },
  }),
  budgetOverrun: defineEvent({
    name: "budget_overrun",
    level: "warn",
    message: "More was spent than was held.",
    fields: { hold_id: "string", overrun_nano_usd: "string", tenant: "string?", agent_id: "string?" },
  }),
  holdExpired: defineEvent({
    name: "hold_expired",
    level: "warn",
    message: "A hold was never settled; it is charged as an estimate.",
    fields: { hold_id: "string", amount_nano_usd: "string", tenant: "string?" },
  }),
  accessDenied: defineEvent({
    name: "access_denied",
    level: "warn",
    message: "Call refused.",
    fields: { reason: "string", rpc_method: "string?", tenant: "string?", key_id: "string?" },
  }),
  keyChanged: defineEvent({
    name: "key_changed",
    level: "info",
    message: "API key changed.",
    fields: { key_id: "string", change: "string", tenant: "string?", by: "string?" },
  }),
  dataErased: defineEvent({
    name: "data_erased",
    level: "info",
    message: "Data of a principal erased.",
    fields: { tenant: "string", store: "string", records: "number" },
  }),
  storeStalled: defineEvent({
    name: "store_stalled",
    level: "warn",
    message: "The store was slow to commit.",
    fields: { store: "string", duration_ms: "number" },
  }),
} as const;
