/** An executor over a real store with tools that a test steers. */
import type { CallScope, Principal } from "@agentmesh/rpc/scope";
import { createTelemetry } from "@agentmesh/telemetry";
import { toolInstruments } from "../metrics.ts";
import { Catalogue } from "./catalogue.ts";
import type { StepStore } from "./step-store.ts";
import type { Tool, ToolInvocation } from "./tool.ts";
import { ToolExecutor, type ToolRequest } from "./tool-executor.ts";
import { ToolReport } from "./tool-report.ts";

const telemetry = await createTelemetry({ service: "test", level: "silent" });

/** The principal of the tests. */
export const ann: Principal = { tenant: "acme", user: "ann", keyId: "k1", roles: [], scopes: ["memory:read"] };

/** The scope of a call by `principal` that `signal` can cancel. */
export function scopeOf(principal: Principal = ann, signal: AbortSignal = new AbortController().signal): CallScope {
  return { signal, deadline: undefined, credential: { principal, token: () => "" }, span: undefined };
}

/** A tool whose calls are counted and end when the test says so. */
export class SteeredTool {
  readonly tool: Tool;
  readonly invocations: ToolInvocation[] = [];
  readonly #calls: PromiseWithResolvers<string>[] = [];
  #begun = Promise.withResolvers<void>();

  constructor(changes: Partial<Tool> = {}) {
    this.tool = {
      name: "steered",
      description: "For tests.",
      parameters: { type: "object", properties: { n: { type: "integer" } }, additionalProperties: false },
      idempotent: false,
      requiredScope: "",
      timeoutMs: 60_000,
      execute: (invocation) => {
        this.invocations.push(invocation);
        const call = Promise.withResolvers<string>();
        this.#calls.push(call);
        this.#begun.resolve();
        return call.promise;
      },
      ...changes,
    };
  }

  /** Resolves when a call has begun that did not end yet. */
  async begun(): Promise<void> {
    await this.#begun.promise;
  }

  /** Ends the oldest open call. */
  end(answer: string | Error): void {
    const call = this.#calls.shift();
    this.#begun = Promise.withResolvers();
    if (answer instanceof Error) call?.reject(answer);
    else call?.resolve(answer);
  }
}

/** An executor of some tools. */
export function executorOf(store: StepStore, tools: readonly Tool[]): ToolExecutor {
  const catalogue = new Catalogue(tools, { perCall: 0, perTool: new Map() });
  const { logger, metrics, tracer } = telemetry;
  const report = new ToolReport(logger, toolInstruments(metrics));
  return new ToolExecutor({ catalogue, store, report, logger, tracer, leaseGraceMs: 5_000 });
}

/** A request of one step. */
export function requestOf(changes: Partial<ToolRequest> = {}): ToolRequest {
  return { runId: "r1", stepKey: "s1", tool: "steered", argumentsJson: '{"n":1}', ...changes };
}
