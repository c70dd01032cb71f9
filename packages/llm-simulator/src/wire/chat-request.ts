/** A JSON Schema as far as the simulator reads it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly description?: string;
}

/** A tool the model may call. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

/** A call of a tool as the model wrote it; the arguments are JSON text, perhaps broken. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** One message with its text flattened. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: string;
  /** Parts that are not text (images, audio); counted, never looked at. */
  readonly otherParts: number;
  readonly toolCalls: readonly ToolCall[];
  /** Of a tool message: which call it answers. */
  readonly toolCallId: string;
}

/** What may be called: nothing, what the model likes, at least one, or a certain one. */
export type ToolChoice = "none" | "auto" | "required" | { readonly name: string };

/** A checked request of `POST /v1/chat/completions`. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  /** Size of the tools' declaration, for counting tokens. */
  readonly toolCharacters: number;
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean;
  readonly maxTokens: number | undefined;
  readonly stop: readonly string[];
  readonly stream: boolean;
  readonly includeUsage: boolean;
  /** Undefined: plain text. A schema without properties for json_object. */
  readonly responseSchema: JsonSchema | undefined;
}
