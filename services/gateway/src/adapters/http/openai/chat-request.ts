import { type Prompt, PromptSchema } from "@agentmesh/contracts/llm_router/v1/model";
import { create } from "@bufbuild/protobuf";
import { readMessages } from "./chat-messages.ts";
import { readTools } from "./chat-tools.ts";
import { type Fields, flag, object, optionalInteger, optionalNumber, optionalText, text } from "./json-fields.ts";
import { invalid, unsupported } from "./problem.ts";

/** A chat completion, read and checked. */
export interface ChatRequest {
  readonly prompt: Prompt;
  /** Answer with server-sent events. */
  readonly stream: boolean;
  /** End the stream with a chunk of usage. */
  readonly includeUsage: boolean;
  /** metadata.session_id: for agents. */
  readonly sessionId: string | undefined;
  /** Parameters of the body that an agent decides itself, in the order given. */
  readonly setByAgents: readonly string[];
}

const READ = new Set(
  "model messages stream stream_options tools tool_choice response_format temperature top_p max_tokens max_completion_tokens stop seed n metadata".split(
    " ",
  ),
);
// They change nothing here: who asks, how it is billed or cached.
const HARMLESS = new Set(
  "user safety_identifier prompt_cache_key prompt_cache_retention service_tier store".split(" "),
);
// Refused unless they ask for what happens anyway.
const DEFAULTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["n", 1],
  ["logprobs", false],
  ["parallel_tool_calls", true],
  ["presence_penalty", 0],
  ["frequency_penalty", 0],
]);
// An agent brings these with it.
const AGENT_OWNED = ["tools", "tool_choice", "response_format", "stop", "seed"];

/** Reads the body of a chat completion. @throws HttpProblem 400 with the path of what is wrong */
export function readChat(body: Fields): ChatRequest {
  checkNames(body);
  const prompt = create(PromptSchema);
  prompt.model = readModel(body);
  prompt.messages = readMessages(body.messages);
  readTools(body, prompt);
  readSampling(body, prompt);
  const stream = flag(body, "stream");
  const setByAgents = AGENT_OWNED.filter((name) => body[name] !== undefined && body[name] !== null);
  return { prompt, stream, includeUsage: readIncludeUsage(body, stream), sessionId: readSession(body), setByAgents };
}

/** The field `model`. */
export function readModel(body: Fields): string {
  if (body.model === undefined || body.model === null)
    throw invalid("model", "must be given", "missing_required_parameter");
  const model = text(body.model, "model");
  if (model === "" || model.length > 128) throw invalid("model", "must be 1 to 128 characters");
  return model;
}

function checkNames(body: Fields): void {
  for (const name in body) {
    const value = body[name];
    if (value === null || value === undefined) continue;
    if (DEFAULTS.has(name)) {
      if (value !== DEFAULTS.get(name))
        throw unsupported(name, `is not supported with another value than ${DEFAULTS.get(name)}`);
    } else if (!READ.has(name) && !HARMLESS.has(name)) {
      throw invalid(name.slice(0, 64), "is not a parameter that this server knows", "unknown_parameter");
    }
  }
}

function readSampling(body: Fields, prompt: Prompt): void {
  const temperature = optionalNumber(body, "temperature", { min: 0, max: 2 });
  const topP = optionalNumber(body, "top_p", { min: Number.MIN_VALUE, max: 1 });
  const most = { min: 1, max: 2_147_483_647 };
  const maxTokens = optionalInteger(body, "max_completion_tokens", most) ?? optionalInteger(body, "max_tokens", most);
  const seed = optionalInteger(body, "seed", { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  if (temperature !== undefined) prompt.temperature = temperature;
  if (topP !== undefined) prompt.topP = topP;
  if (maxTokens !== undefined) prompt.maxOutputTokens = maxTokens;
  if (seed !== undefined) prompt.seed = BigInt(seed);
  if (body.stop !== undefined && body.stop !== null) prompt.stop = readStop(body.stop);
}

function readStop(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 4) throw invalid("stop", "must have at most 4 entries", "array_above_max_length");
  return list.map((item, index) => {
    const stop = text(item, Array.isArray(value) ? `stop[${index}]` : "stop");
    if (stop === "") throw invalid("stop", "must not be empty");
    return stop;
  });
}

function readIncludeUsage(body: Fields, stream: boolean): boolean {
  const options = body.stream_options;
  if (options === undefined || options === null) return false;
  if (!stream) throw invalid("stream_options", "is only for stream: true");
  return flag(object(options, "stream_options"), "include_usage", "stream_options.include_usage");
}

function readSession(body: Fields): string | undefined {
  const { metadata } = body;
  if (metadata === undefined || metadata === null) return undefined;
  return optionalText(object(metadata, "metadata"), "session_id", "metadata.session_id");
}
