import type { CallScope } from "@agentmesh/rpc/scope";
import { attributes, events, type Span, type Telemetry } from "@agentmesh/telemetry";
import { metrics } from "../metrics.ts";
import type { FinishReason, Usage } from "./generation.ts";
import type { FailureKind, ProviderFailure } from "./provider-failure.ts";

/** How a call ended, the label of the latency: "refused" by the budget, "interrupted" after the first text. */
export type CallStatus = "ok" | "refused" | "interrupted" | FailureKind;

/** What is being called. */
export interface CallSubject {
  /** As the catalogue names it: the label of metrics. */
  readonly model: string;
  readonly upstream: string;
  readonly provider: string;
  readonly routeReason: string;
  readonly runId: string;
  readonly operation: "chat" | "embeddings";
  readonly spanName: string;
  readonly maxOutputTokens?: number;
}

/** What an answer adds to the report of its call. */
export interface CallResult {
  readonly usage: Usage;
  readonly cost: bigint;
  readonly responseModel: string;
  readonly id?: string;
  readonly finishReason?: FinishReason;
}

/** The instruments of this service, made once. */
export function instrumentsOf(telemetry: Telemetry) {
  const { metrics: registry, logger, tracer } = telemetry;
  return {
    logger,
    tracer,
    latency: registry.histogram(metrics.latency),
    timeToFirstToken: registry.histogram(metrics.timeToFirstToken),
    tokens: registry.counter(metrics.tokens),
    inFlight: registry.gauge(metrics.inFlight),
    retries: registry.counter(metrics.retries),
  };
}
export type Instruments = ReturnType<typeof instrumentsOf>;

/** Reports one model call: span, metrics and log line. Never content. */
export class CallRecord {
  readonly span: Span;
  /** Tries so far. */
  attempts = 0;
  private readonly instruments: Instruments;
  private readonly subject: CallSubject;
  private readonly started = performance.now();
  private firstToken: number | undefined;
  private ended = false;

  constructor(instruments: Instruments, subject: CallSubject, scope: CallScope) {
    this.instruments = instruments;
    this.subject = subject;
    this.span = instruments.tracer.start(subject.spanName, { kind: "client", parent: scope.span });
    instruments.inFlight.add(1, { model: subject.model });
    if (this.span.recording) this.describe();
  }

  /** Milliseconds since the call began. */
  elapsed(): number {
    return performance.now() - this.started;
  }

  /** The first part of the answer has come. */
  firstTokenCame(): void {
    if (this.firstToken !== undefined) return;
    this.firstToken = this.elapsed();
    this.instruments.timeToFirstToken.observe(this.firstToken / 1000, { model: this.subject.model }, this.span);
  }

  /** A try failed and is repeated. */
  retried(failure: ProviderFailure, waitMs: number): void {
    const { model, provider } = this.subject;
    this.instruments.retries.add(1, { model, reason: failure.kind }, this.span);
    const fields = { model, provider, attempt: this.attempts, reason: failure.kind, wait_ms: waitMs };
    this.instruments.logger.event(events.llmRetry, fields, this.span);
  }

  succeeded(result: CallResult): void {
    this.end("ok", result);
    if (this.span.recording) {
      this.span.set({
        [attributes.responseModel]: result.responseModel,
        [attributes.responseId]: result.id,
        [attributes.finishReasons]: result.finishReason === undefined ? undefined : [result.finishReason],
      });
    }
    this.span.end();
  }

  /** @param produced what had been produced and is charged all the same */
  failed(status: Exclude<CallStatus, "ok">, error: unknown, produced?: CallResult): void {
    this.end(status, produced);
    this.span.fail(error);
    this.span.end();
  }

  private end(status: CallStatus, result: CallResult | undefined): void {
    if (this.ended) return;
    this.ended = true;
    const { subject, instruments, span } = this;
    const elapsed = this.elapsed();
    instruments.inFlight.add(-1, { model: subject.model });
    instruments.latency.observe(elapsed / 1000, { model: subject.model, status }, span);
    if (result !== undefined) this.countTokens(result);
    this.log(status, elapsed, result);
    if (span.recording) span.set({ [attributes.attempt]: this.attempts });
  }

  private countTokens({ usage, cost }: CallResult): void {
    const { tokens } = this.instruments;
    const { model } = this.subject;
    tokens.add(usage.inputTokens, { model, token_type: "input" }, this.span);
    tokens.add(usage.outputTokens, { model, token_type: "output" }, this.span);
    if (usage.cachedInputTokens > 0)
      tokens.add(usage.cachedInputTokens, { model, token_type: "cached_input" }, this.span);
    if (usage.reasoningTokens > 0) tokens.add(usage.reasoningTokens, { model, token_type: "reasoning" }, this.span);
    if (!this.span.recording) return;
    this.span.set({
      [attributes.inputTokens]: usage.inputTokens,
      [attributes.outputTokens]: usage.outputTokens,
      [attributes.costNanoUsd]: String(cost),
    });
  }

  private log(status: CallStatus, elapsed: number, result: CallResult | undefined): void {
    const { subject, instruments } = this;
    if (!instruments.logger.enabled(events.llmCall.level)) return;
    const fields = {
      model: subject.model,
      provider: subject.provider,
      status: status === "ok" ? "ok" : "error",
      duration_ms: rounded(elapsed),
      first_token_ms: this.firstToken === undefined ? undefined : rounded(this.firstToken),
      attempts: this.attempts,
      input_tokens: result?.usage.inputTokens,
      output_tokens: result?.usage.outputTokens,
      cost_nano_usd: result === undefined ? undefined : String(result.cost),
      estimated: result?.usage.estimated,
      route_reason: subject.routeReason,
      reason: status === "ok" ? undefined : status,
      run_id: subject.runId === "" ? undefined : subject.runId,
    };
    instruments.logger.event(events.llmCall, fields, this.span);
  }

  private describe(): void {
    const { subject } = this;
    this.span.set({
      [attributes.operationName]: subject.operation,
      [attributes.providerName]: subject.provider,
      [attributes.requestModel]: subject.upstream,
      [attributes.maxTokens]: subject.maxOutputTokens,
      [attributes.routeReason]: subject.routeReason,
      [attributes.runId]: subject.runId === "" ? undefined : subject.runId,
    });
  }
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
