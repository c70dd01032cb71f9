import { events, type Logger, type Span } from "@agentmesh/telemetry";
import type { ToolInstruments } from "../metrics.ts";
import type { StepOutcome } from "./execution.ts";

/** When a call began and under which span. */
export interface CallTime {
  /** Of `performance.now()`. */
  readonly startedAt: number;
  readonly span: Span | undefined;
}

/** Metrics and log of tool calls. Arguments and results are content and appear in neither. */
export class ToolReport {
  readonly #logger: Logger;
  readonly #instruments: ToolInstruments;

  constructor(logger: Logger, instruments: ToolInstruments) {
    this.#logger = logger;
    this.#instruments = instruments;
  }

  ended(
    { tool, runId, stepKey }: { readonly tool: string; readonly runId: string; readonly stepKey: string },
    { result, replayed }: StepOutcome,
    { startedAt, span }: CallTime,
  ): void {
    const milliseconds = performance.now() - startedAt;
    const status = replayed ? "replayed" : (result.error?.toLowerCase() ?? "ok");
    const labels = { tool_name: tool, status };
    this.#instruments.calls.add(1, labels, span);
    this.#instruments.latency.observe(milliseconds / 1000, labels, span);
    const fields = {
      tool_name: tool,
      status,
      duration_ms: Math.round(milliseconds * 1000) / 1000,
      run_id: runId,
      step: stepKey,
      reason: result.error,
      repeated: replayed,
    };
    this.#logger.event(events.toolCall, fields, span);
  }

  /** A tool with effects was started once and nobody knows how it ended. */
  uncertain({
    tool,
    runId,
    stepKey,
  }: {
    readonly tool: string;
    readonly runId: string;
    readonly stepKey: string;
  }): void {
    this.#instruments.calls.add(1, { tool_name: tool, status: "uncertain" });
    const fields = {
      tool_name: tool,
      status: "uncertain",
      duration_ms: 0,
      run_id: runId,
      step: stepKey,
      reason: "UNCERTAIN",
    };
    this.#logger.event(events.toolCall, fields);
  }
}
