import type { ToolDefinition } from "../wire/chat-request.ts";

/** A call the model wants made. The id is set by a script only; otherwise the answer numbers its calls. */
export interface WantedCall {
  readonly name: string;
  /** JSON text, or anything else where a script says so. */
  readonly arguments: string;
  readonly id?: string;
}

/** What the model answers: a text, calls, or both. */
export interface Decision {
  readonly text: string;
  readonly calls: readonly WantedCall[];
  /** Overrides the reason that follows from the content; only scripts do. */
  readonly finishReason?: string;
}

/** An answer in words. */
export function say(text: string): Decision {
  return { text, calls: [] };
}

/** A tool that the request needs, with arguments. */
export interface Need {
  readonly tool: ToolDefinition;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A call made in the current turn, and what came back. */
export interface ToolOutcome {
  readonly name: string;
  /** The call's arguments as JSON text. */
  readonly arguments: string;
  readonly result: string;
}
