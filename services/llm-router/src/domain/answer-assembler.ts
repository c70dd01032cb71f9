import type { FinishReason, GenerationEvent, ToolCallDelta, Usage } from "./generation.ts";
import type { ProviderChunk, RawToolDelta } from "./ports.ts";
import type { ToolCall } from "./prompt.ts";
import { ToolCalls } from "./tool-calls.ts";

/** A part of an answer that can be handed on. */
export type AnswerDelta = Extract<GenerationEvent, { kind: "text" | "tool" }>;

/** A complete answer. */
export interface Answer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
}

/** Puts an answer together from its pieces. What the deltas say together is what the whole answer says. */
export class AnswerAssembler {
  /** The model as the provider names it. */
  model = "";
  /** Bytes of everything the provider produced so far. */
  bytes = 0;
  private reported: Usage | undefined;
  private text = "";
  private readonly tools = new ToolCalls();
  private finishReason: FinishReason | undefined;

  /** The last usage the provider reported; one that does not count what was written is none. */
  get usage(): Usage | undefined {
    return this.reported?.outputTokens === 0 && this.bytes > 0 ? undefined : this.reported;
  }

  /** Whether the provider said why it stopped: only then is the answer whole. */
  get finished(): boolean {
    return this.finishReason !== undefined;
  }

  /** Whether anything of an answer has come. */
  get started(): boolean {
    return this.bytes > 0 || this.finished;
  }

  /** Adds a piece. Deltas are only made when `emit` is given. */
  add(chunk: ProviderChunk, emit?: (delta: AnswerDelta) => void): void {
    if (chunk.model !== "") this.model = chunk.model;
    if (chunk.usage !== undefined) this.reported = chunk.usage;
    if (chunk.finishReason !== undefined) this.finishReason = chunk.finishReason;
    if (chunk.text !== "") {
      this.text += chunk.text;
      this.bytes += Buffer.byteLength(chunk.text);
      emit?.({ kind: "text", text: chunk.text });
    }
    for (const raw of chunk.tools) this.addTool(raw, emit);
  }

  /** Ends the answer. Undefined when a tool call has no name: then it cannot be used. */
  finish(emit?: (delta: AnswerDelta) => void): Answer | undefined {
    const toolCalls = this.tools.finish((delta) => emit?.({ kind: "tool", delta }));
    if (toolCalls === undefined || this.finishReason === undefined) return undefined;
    return { text: this.text, toolCalls, finishReason: reasonOf(this.finishReason, toolCalls.length) };
  }

  private addTool(raw: RawToolDelta, emit: ((delta: AnswerDelta) => void) | undefined): void {
    this.bytes += Buffer.byteLength(raw.name) + Buffer.byteLength(raw.argumentsDelta);
    const delta: ToolCallDelta | undefined = this.tools.add(raw);
    if (delta !== undefined) emit?.({ kind: "tool", delta });
  }
}

// Some providers say "stop" although they call tools, or "tool_calls" although they call none.
function reasonOf(reason: FinishReason, toolCalls: number): FinishReason {
  if (reason === "stop" && toolCalls > 0) return "tool_calls";
  return reason === "tool_calls" && toolCalls === 0 ? "stop" : reason;
}
