import {
  attributes,
  type Counter,
  events,
  type Gauge,
  type Histogram,
  type Logger,
  type Span,
  sharedMetrics,
  spanNames,
  type Telemetry,
  type Tracer,
} from "@agentmesh/telemetry";
import { metrics } from "../metrics.ts";
import type { AgentBundle } from "./agents/bundle.ts";
import { acceptanceOf, type Ending, type StepBody } from "./events.ts";
import type { RunRecord } from "./run.ts";
import type { ClaimedRun } from "./run-store.ts";

/** What a run ended with, for those who count and log it. */
export interface EndedRun {
  readonly run: RunRecord;
  readonly ending: Ending;
  readonly durationMs: number;
  readonly steps: number;
  readonly span: Span;
  /** What was thrown; logged by its type only. */
  readonly cause?: unknown;
}

/** What runs report: metrics, log events, spans. */
export class RunInstruments {
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly watchers: Gauge<never>;
  readonly resyncs: Counter<never>;
  readonly queued: Counter<never>;
  readonly #requests: Counter<"agent_id" | "status">;
  readonly #latency: Histogram<"agent_id" | "status">;
  readonly #errors: Counter<"agent_id" | "error_type">;
  readonly #inFlight: Gauge<"agent_id">;
  readonly #sessions: Gauge<"agent_id">;
  readonly #steps: Counter<"kind">;
  readonly #resumed: Counter<"agent_id">;
  readonly #leasesLost: Counter<never>;

  constructor(telemetry: Telemetry) {
    this.tracer = telemetry.tracer;
    this.logger = telemetry.logger;
    const meters = telemetry.metrics;
    this.#requests = meters.counter(sharedMetrics.agentRequests);
    this.#latency = meters.histogram(sharedMetrics.agentRequestLatency);
    this.#errors = meters.counter(sharedMetrics.agentErrors);
    this.#inFlight = meters.gauge(sharedMetrics.agentRunsInFlight);
    this.#sessions = meters.gauge(sharedMetrics.agentActiveSessions);
    this.#steps = meters.counter(metrics.steps);
    this.#resumed = meters.counter(metrics.resumed);
    this.#leasesLost = meters.counter(metrics.leasesLost);
    this.watchers = meters.gauge(metrics.watchers);
    this.resyncs = meters.counter(metrics.resyncs);
    this.queued = meters.counter(metrics.queued);
  }

  /** A run was stored. */
  accepted(run: RunRecord, bundle: AgentBundle, span: Span | undefined): void {
    if (!this.logger.enabled("info")) return;
    const fields = {
      run_id: run.id,
      agent_id: run.agentId,
      agent_version: run.agentVersion,
      session_id: run.sessionId === "" ? undefined : run.sessionId,
      tenant: run.tenant,
      pattern: bundle.pattern,
    };
    this.logger.event(events.agentRequest, fields, span);
  }

  /** A worker begins. @returns the span of the whole run */
  begun({ run, attempt, lease, events: journal }: ClaimedRun, parent: Span | undefined): Span {
    this.#inFlight.add(1, { agent_id: run.agentId });
    if (run.sessionId !== "") this.#sessions.add(1, { agent_id: run.agentId });
    const span = this.tracer.start(spanNames.invokeAgent(run.agentId), {
      kind: "internal",
      parent,
      traceparent: acceptanceOf(journal)?.request.traceparent,
      attributes: {
        [attributes.runId]: run.id,
        [attributes.agentName]: run.agentId,
        [attributes.agentVersion]: run.agentVersion,
        [attributes.operationName]: "invoke_agent",
        [attributes.conversationId]: run.sessionId === "" ? undefined : run.sessionId,
        [attributes.tenant]: run.tenant,
        [attributes.attempt]: attempt,
      },
    });
    if (attempt > 1) this.#resumedRun({ run, attempt, lease, journal }, span);
    return span;
  }

  #resumedRun(
    { run, attempt, lease, journal }: Pick<ClaimedRun, "run" | "attempt" | "lease"> & { journal: readonly unknown[] },
    span: Span,
  ): void {
    this.#resumed.add(1, { agent_id: run.agentId });
    const fields = {
      run_id: run.id,
      agent_id: run.agentId,
      recorded_steps: journal.length,
      fencing_token: String(lease.token),
      attempt,
    };
    this.logger.event(events.runResumed, fields, span);
  }

  /** A step was added to a journal. */
  stepRecorded(kind: StepBody["kind"]): void {
    this.#steps.add(1, stepLabels[kind]);
  }

  /** A tool call was refused before, or instead of, its execution. */
  callRefused(
    call: { run: RunRecord; stepKey: string; tool: string; reason: string; durationMs: number },
    span: Span | undefined,
  ): void {
    const fields = {
      tool_name: call.tool,
      status: "refused",
      duration_ms: call.durationMs,
      run_id: call.run.id,
      step: call.stepKey,
      reason: call.reason,
    };
    this.logger.event(events.toolCall, fields, span);
  }

  /** A worker is done with a run, whether it ended or goes on elsewhere. */
  left(run: RunRecord): void {
    this.#inFlight.add(-1, { agent_id: run.agentId });
    if (run.sessionId !== "") this.#sessions.add(-1, { agent_id: run.agentId });
  }

  /** A run ended. */
  ended(ended: EndedRun): void {
    const { run, ending, durationMs, span } = ended;
    const labels = { agent_id: run.agentId, status: ending.kind };
    this.#requests.add(1, labels, span);
    this.#latency.observe(durationMs / 1000, labels, span);
    if (ending.kind === "failed") this.#failed(ended, ending.error.reason);
    if (ending.kind === "cancelled") {
      this.logger.event(events.runCancelled, { run_id: run.id, agent_id: run.agentId }, span);
    }
    if (span.recording) span.set({ [attributes.status]: ending.kind });
    if (this.logger.enabled("info")) this.#logResponse(ended);
  }

  #failed({ run, durationMs, span, cause }: EndedRun, reason: string): void {
    this.#errors.add(1, { agent_id: run.agentId, error_type: reason }, span);
    span.fail(cause ?? { reason });
    const fields = {
      run_id: run.id,
      agent_id: run.agentId,
      reason,
      duration_ms: durationMs,
      cause: cause instanceof Error ? cause.name : undefined,
    };
    this.logger.event(events.agentError, fields, span);
    if (reason === "INTERNAL") this.logger.error("A run failed by a fault of ours.", { run_id: run.id, cause }, span);
  }

  #logResponse({ run, ending, durationMs, steps, span }: EndedRun): void {
    const { usage, costNanoUsd } = ending.totals;
    const fields = {
      run_id: run.id,
      agent_id: run.agentId,
      status: ending.kind,
      duration_ms: durationMs,
      steps,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      cost_nano_usd: String(costNanoUsd),
    };
    this.logger.event(events.agentResponse, fields, span);
  }

  /** Another worker has the run. */
  leaseLost({ run, lease }: Pick<ClaimedRun, "run" | "lease">): void {
    this.#leasesLost.add(1);
    this.logger.event(events.leaseLost, { run_id: run.id, fencing_token: String(lease.token) });
  }
}

const stepLabels = {
  recalled: { kind: "recalled" },
  model_called: { kind: "model_called" },
  tool_called: { kind: "tool_called" },
} as const;
