/** What the answer that is checked was made from. Everything is optional: a check that needs what is missing finds nothing. */
export interface OutputContext {
  /** The system prompt of the call. */
  readonly systemPrompt?: string;
  /** The passages the model was given: retrieved texts, tool results. */
  readonly passages?: readonly string[];
  /** The JSON Schema the answer must fit, as JSON. */
  readonly jsonSchema?: string;
  /** What the user asked. */
  readonly question?: string;
}
