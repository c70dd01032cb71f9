/** One call of a tool: bounded in time and size, interruptible, and never throwing what a model should not read. */
import { hash } from "node:crypto";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Logger } from "@agentmesh/telemetry";
import type { JsonObject, Tool, ToolInvocation, ToolResult } from "./tool.ts";
import { ToolFailure } from "./tool-failure.ts";

/** Longest result, in bytes of UTF-8. */
export const maxResultBytes = 256 * 1024;

/** What is called, with what, for whom. */
export interface ToolCallInput {
  readonly tool: Tool;
  readonly arguments: JsonObject;
  readonly settings: JsonObject;
  /** Names the step among all tenants; `stepId` is made of it. */
  readonly stepName: string;
  readonly scope: CallScope;
}

/** Why a call ended before its tool did, other than by its timeout. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** A call of a tool. What is needed only by tools that take time is made only for them. */
export class ToolCall {
  readonly #input: ToolCallInput;
  readonly #logger: Logger;
  #controller: AbortController | undefined;
  #interrupt: ((reason: unknown) => void) | undefined;

  constructor(input: ToolCallInput, logger: Logger) {
    this.#input = input;
    this.#logger = logger;
  }

  /** The result, or a promise of it. The promise rejects only with `Interrupted`. */
  run(): ToolResult | Promise<ToolResult> {
    try {
      const answer = this.#input.tool.execute(this.#invocation());
      return typeof answer === "string" ? resultOf(answer) : this.#finish(answer);
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Ends a call that takes time; its tool is told by the signal. */
  interrupt(): void {
    this.#interrupt?.(new Interrupted("the call was interrupted"));
  }

  async #finish(answer: Promise<string>): Promise<ToolResult> {
    const { promise: interrupted, reject } = Promise.withResolvers<never>();
    this.#interrupt = reject;
    const { timeoutMs } = this.#input.tool;
    const timer = setTimeout(() => reject(timedOut), timeoutMs);
    try {
      return resultOf(await Promise.race([answer, interrupted]));
    } catch (error) {
      if (error !== timedOut && !(error instanceof Interrupted)) return this.#failure(error);
      this.#controller?.abort(error);
      if (error !== timedOut) throw error;
      return timeoutOf(this.#input.tool);
    } finally {
      clearTimeout(timer);
      this.#interrupt = undefined;
    }
  }

  #failure(error: unknown): ToolResult {
    const { name } = this.#input.tool;
    if (error instanceof ToolFailure) return { content: error.message, error: "TOOL_FAILED" };
    this.#logger.error("A tool failed unexpectedly.", { tool_name: name, cause: error });
    const content = `${name} does not work at the moment. Try it later, or go on without it and say so.`;
    return { content, error: "TOOL_FAILED" };
  }

  #invocation(): ToolInvocation {
    const { arguments: given, settings, stepName } = this.#input;
    return {
      arguments: given,
      settings,
      get stepId() {
        return hash("sha256", stepName, "base64url");
      },
      scope: this.#scope(),
    };
  }

  /** The caller's principal and span, but an end of its own: an effect once begun outlives a caller that went away. */
  #scope(): CallScope {
    const { tool, scope } = this.#input;
    const signal = () => {
      this.#controller ??= new AbortController();
      return this.#controller.signal;
    };
    return {
      get signal() {
        return signal();
      },
      // The transports count deadlines on the system's clock, whatever clock tools are told.
      get deadline() {
        return Date.now() + tool.timeoutMs;
      },
      credential: scope.credential,
      span: scope.span,
    };
  }
}

const timedOut = new Error("the tool timed out");

function timeoutOf({ name, timeoutMs, idempotent }: Tool): ToolResult {
  const effect = idempotent ? "" : " Whether it took effect is unknown: do not just repeat it.";
  return { content: `${name} did not answer within ${timeoutMs / 1000} s.${effect}`, error: "TOOL_TIMEOUT" };
}

function resultOf(content: string): ToolResult {
  if (content.length <= maxResultBytes / 3 || Buffer.byteLength(content) <= maxResultBytes) {
    return { content, error: undefined };
  }
  return { content: "The result is longer than 256 KiB. Ask for less.", error: "RESULT_TOO_LARGE" };
}
