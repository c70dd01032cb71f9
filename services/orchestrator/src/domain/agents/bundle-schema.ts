/** The shape of an agent's file as a JSON Schema, with every bound and default. */

const name = { type: "string", pattern: "^[a-z0-9-]{1,64}$" };

/** What a file may hold after YAML was read. Defaults are filled in by the validator. */
export interface BundleFile {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly pattern: "react" | "tool-use";
  readonly model: string;
  readonly temperature: number;
  readonly max_output_tokens?: number;
  readonly prompts: { readonly system: string };
  readonly tools: readonly { readonly name: string; readonly settings?: Record<string, unknown> }[];
  readonly memory: { readonly kind: "none" | "session"; readonly window_tokens: number; readonly ttl: string };
  readonly guardrails: { readonly policy: string };
  readonly budget?: { readonly max_usd: number };
  readonly limits: { readonly iterations: number; readonly retries: number; readonly timeout: string };
  readonly on_uncertain_tool: "fail";
}

/** Lengths of time are written as "30s", "5m", "1h"; their bounds are checked after the schema. */
const duration = { type: "string", pattern: "^[1-9][0-9]{0,8}(ms|s|m|h|d)$" };

export const bundleSchema = {
  type: "object",
  additionalProperties: false,
  required: ["name", "version", "description", "pattern", "prompts"],
  properties: {
    name,
    version: { type: "string", pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+$" },
    description: { type: "string", minLength: 1, maxLength: 1000 },
    pattern: { type: "string", enum: ["react", "tool-use"] },
    model: { type: "string", minLength: 1, maxLength: 128, default: "auto" },
    temperature: { type: "number", minimum: 0, maximum: 2, default: 0.1 },
    max_output_tokens: { type: "integer", minimum: 1, maximum: 1_000_000 },
    prompts: {
      type: "object",
      additionalProperties: false,
      required: ["system"],
      properties: { system: { type: "string", minLength: 1, maxLength: 65_536 } },
    },
    tools: {
      type: "array",
      maxItems: 128,
      default: [],
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name"],
        properties: {
          name: { type: "string", pattern: "^[a-zA-Z0-9_-]{1,64}$" },
          settings: { type: "object" },
        },
      },
    },
    memory: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        kind: { type: "string", enum: ["none", "session"], default: "none" },
        window_tokens: { type: "integer", minimum: 1, maximum: 1_000_000, default: 8000 },
        ttl: { ...duration, default: "3600s" },
      },
    },
    guardrails: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: { policy: { type: "string", pattern: "^[a-zA-Z0-9._-]{1,64}$", default: "default" } },
    },
    budget: {
      type: "object",
      additionalProperties: false,
      required: ["max_usd"],
      properties: { max_usd: { type: "number", minimum: 0, maximum: 9_000_000 } },
    },
    limits: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        iterations: { type: "integer", minimum: 1, maximum: 100, default: 10 },
        retries: { type: "integer", minimum: 0, maximum: 10, default: 3 },
        timeout: { ...duration, default: "300s" },
      },
    },
    on_uncertain_tool: { type: "string", enum: ["fail"], default: "fail" },
  },
} as const;
