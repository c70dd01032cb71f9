/** What a model is asked, as the rules of this service see it. */

/** JSON data: a schema of a tool or of an answer. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonRecord;
/** A JSON object. */
export interface JsonRecord {
  readonly [key: string]: JsonValue;
}

/** Who wrote a message; "unknown" is whatever the contract does not name, and is refused. */
export type Role = "system" | "user" | "assistant" | "tool" | "unknown";

/** A model's wish to call a tool. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, not validated. */
  readonly argumentsJson: string;
}

/** One message. Text parts are joined by line ends; undefined when a part holds something else than text. */
export interface ChatMessage {
  readonly role: Role;
  readonly text: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  /** For role "tool": the call this answers. */
  readonly toolCallId: string;
}

/** A tool the model may call. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object; undefined: no arguments. */
  readonly parameters: JsonRecord | undefined;
}

/** How a model may use tools; "unknown" is refused. */
export type ToolChoice = "auto" | "none" | "required" | "named" | "unknown";

/** What a model is asked. Undefined means: the default of the model. */
export interface Prompt {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice;
  /** For "named". */
  readonly toolChoiceName: string;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly maxOutputTokens: number | undefined;
  readonly stop: readonly string[];
  readonly seed: bigint | undefined;
  readonly responseSchema: JsonRecord | undefined;
  readonly jsonObject: boolean;
}

/** On whose account a call runs. */
export interface Attribution {
  readonly agentId: string;
  readonly runId: string;
  readonly stepKey: string;
  /** Nano-US-dollars; undefined: no cap of the run. */
  readonly runLimit: bigint | undefined;
}
