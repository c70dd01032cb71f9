/**
 * What a tool is to the registry. Built-in tools are declared in `tools/`; a kind of tools that comes from elsewhere
 * (HTTP, gRPC, MCP) makes objects of this shape from its own configuration and hands them to the catalogue.
 */
import type { CallScope } from "@agentmesh/rpc/scope";

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** One tool. */
export interface Tool {
  /** 1-64 characters of [a-zA-Z0-9_-]. */
  readonly name: string;
  /** What it does and when to use it, for the model. */
  readonly description: string;
  /** JSON Schema (2020-12) of the arguments: an object schema. */
  readonly parameters: JsonObject;
  /** JSON Schema of what an agent may set for this tool; undefined: nothing. */
  readonly settings?: JsonObject;
  /** Whether running it again with the same `stepId` has no further effect. */
  readonly idempotent: boolean;
  /** The scope a principal needs; empty: none. */
  readonly requiredScope: string;
  /** Longest time of one call. A tool that answers at once (no promise) cannot be interrupted and must be quick. */
  readonly timeoutMs: number;
  /**
   * Runs the tool; arguments and settings match their schemas. What it returns is text for the model.
   * @throws ToolFailure for what the model should know; anything else is logged and told to the model in neutral words
   */
  execute(invocation: ToolInvocation): string | Promise<string>;
}

/** One call of a tool. */
export interface ToolInvocation {
  readonly arguments: JsonObject;
  readonly settings: JsonObject;
  /** The same for every run of the same step: a key for effects elsewhere. 43 characters of [a-zA-Z0-9_-]. */
  readonly stepId: string;
  /** For calls of other services. Its signal fires at the timeout, and when nobody waits for an idempotent tool. */
  readonly scope: CallScope;
}

/** Why a result is an error, `error_reason` of the contract. */
export type ToolErrorReason = "INVALID_ARGUMENTS" | "TOOL_FAILED" | "TOOL_TIMEOUT" | "RESULT_TOO_LARGE";

/** What a call came to; recorded for its step. */
export interface ToolResult {
  /** Text for the model. */
  readonly content: string;
  /** Undefined: the tool succeeded. */
  readonly error: ToolErrorReason | undefined;
}
