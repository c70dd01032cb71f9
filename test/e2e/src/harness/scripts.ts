/** One turn of a scripted model, as the simulator's README describes it. */
export interface Turn {
  readonly text?: string;
  readonly tool_calls?: readonly { readonly id?: string; readonly name: string; readonly arguments?: unknown }[];
  readonly finish_reason?: string;
  readonly repeat?: boolean;
}

/** A message that makes the model of the agent "scripted" answer with these turns. */
export function script(...turns: readonly Turn[]): string {
  return `Please do the following.\n\`\`\`script\n${JSON.stringify(turns)}\n\`\`\``;
}

/** A turn that calls the calculator. */
export function calculate(...expressions: readonly string[]): Turn {
  return { tool_calls: expressions.map((expression) => ({ name: "calculator", arguments: { expression } })) };
}
