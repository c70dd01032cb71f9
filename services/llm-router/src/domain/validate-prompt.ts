import { errors } from "../errors.ts";
import type { ModelEntry } from "./catalogue.ts";
import { FieldProblems } from "./field-problems.ts";
import type { Attribution, ChatMessage, Prompt } from "./prompt.ts";
import { checkConversation } from "./validate-conversation.ts";

const MOST_MESSAGES = 4096;
const MOST_TOOLS = 128;
const MOST_STOPS = 4;
const LONGEST_STOP = 256;
const LONGEST_NAME = 128;
const LONGEST_RUN_ID = 64;
const LONGEST_STEP_KEY = 256;
const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const LARGEST_SEED = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Checks what can be checked without knowing the model.
 * @throws INVALID_PROMPT naming each field
 */
export function validatePrompt(prompt: Prompt, attribution: Attribution): void {
  const problems = new FieldProblems();
  problems.check(prompt.model.length <= LONGEST_NAME, "prompt.model", `must have at most ${LONGEST_NAME} characters`);
  checkMessages(prompt.messages, problems);
  checkTools(prompt, problems);
  checkToolChoice(prompt, problems);
  checkSampling(prompt, problems);
  checkAttribution(attribution, problems);
  problems.throwIfAny(errors.INVALID_PROMPT);
}

/**
 * Checks what the chosen model must be able to do.
 * @throws INVALID_PROMPT naming each field
 */
export function validateForModel(prompt: Prompt, model: ModelEntry): void {
  const problems = new FieldProblems();
  const wanted = prompt.maxOutputTokens ?? 1;
  const limit = model.maxOutputTokens;
  problems.check(wanted <= limit, "prompt.max_output_tokens", `must be at most ${limit}, the limit of the model`);
  problems.check(
    model.tools || prompt.tools.length === 0,
    "prompt.tools",
    "must be empty: the model cannot call tools",
  );
  if (!model.json) {
    problems.check(!prompt.jsonObject, "prompt.json_object", "must be false: the model cannot answer in JSON");
    const free = prompt.responseSchema === undefined;
    problems.check(free, "prompt.response_schema", "must be absent: the model cannot follow a schema");
  }
  problems.throwIfAny(errors.INVALID_PROMPT);
}

/** Checks on whose account a call is to run. */
export function checkAttribution(attribution: Attribution, problems: FieldProblems): void {
  const { agentId, runId, stepKey, runLimit } = attribution;
  problems.check(
    agentId.length <= LONGEST_NAME,
    "attribution.agent_id",
    `must have at most ${LONGEST_NAME} characters`,
  );
  problems.check(
    runId.length <= LONGEST_RUN_ID,
    "attribution.run_id",
    `must have at most ${LONGEST_RUN_ID} characters`,
  );
  problems.check(
    stepKey.length <= LONGEST_STEP_KEY,
    "attribution.step_key",
    `must have at most ${LONGEST_STEP_KEY} characters`,
  );
  if (runLimit === undefined) return;
  problems.check(runId !== "", "attribution.run_limit", "must be absent without a run_id");
  problems.check(
    runLimit >= 0n && runLimit <= 9_000_000_000_000_000n,
    "attribution.run_limit",
    "must be 0 to 9.0e15 nano-dollars",
  );
}

function checkMessages(messages: readonly ChatMessage[], problems: FieldProblems): void {
  const fine = messages.length >= 1 && messages.length <= MOST_MESSAGES;
  problems.check(fine, "prompt.messages", `must have 1 to ${MOST_MESSAGES} messages`);
  if (!fine) return;
  messages.forEach((message, index) => {
    checkMessage(message, `prompt.messages[${index}]`, problems);
  });
  checkConversation(messages, problems);
}

function checkMessage(message: ChatMessage, path: string, problems: FieldProblems): void {
  const { role, text, toolCalls } = message;
  if (text === undefined) problems.add(`${path}.parts`, "must hold text in every part");
  if (role === "unknown") problems.add(`${path}.role`, "must be SYSTEM, USER, ASSISTANT or TOOL");
  if (role === "user" || role === "system") problems.check(text !== "", `${path}.parts`, "must not be empty");
  if (role === "assistant") {
    problems.check(text !== "" || toolCalls.length > 0, path, "must have text or tool calls");
  } else {
    problems.check(toolCalls.length === 0, `${path}.tool_calls`, "must be empty: only ASSISTANT messages call tools");
  }
  if (role !== "tool")
    problems.check(message.toolCallId === "", `${path}.tool_call_id`, "must be empty: only TOOL messages have one");
}

function checkTools(prompt: Prompt, problems: FieldProblems): void {
  const { tools } = prompt;
  problems.check(tools.length <= MOST_TOOLS, "prompt.tools", `must have at most ${MOST_TOOLS} tools`);
  if (tools.length > MOST_TOOLS) return;
  const names = new Set<string>();
  tools.forEach(({ name, parameters }, index) => {
    const path = `prompt.tools[${index}]`;
    problems.check(TOOL_NAME.test(name), `${path}.name`, "must be 1-64 characters of [a-zA-Z0-9_-]");
    problems.check(!names.has(name), `${path}.name`, "must be unique");
    names.add(name);
    const type = parameters?.type;
    problems.check(type === undefined || type === "object", `${path}.parameters.type`, 'must be "object"');
  });
}

function checkToolChoice(prompt: Prompt, problems: FieldProblems): void {
  const { tools, toolChoice, toolChoiceName } = prompt;
  const path = "prompt.tool_choice";
  if (toolChoice === "unknown") problems.add(path, "must be AUTO, NONE, REQUIRED or NAMED");
  if (toolChoice === "required") problems.check(tools.length > 0, path, "must not be REQUIRED without tools");
  if (toolChoice === "named") {
    const known = tools.some(({ name }) => name === toolChoiceName);
    problems.check(known, `${path}_name`, "must name one of prompt.tools");
  } else {
    problems.check(toolChoiceName === "", `${path}_name`, "must be empty unless tool_choice is NAMED");
  }
}

function checkSampling(prompt: Prompt, problems: FieldProblems): void {
  const { temperature, topP, maxOutputTokens, stop, seed } = prompt;
  // Written so that NaN is refused too.
  const fineTemperature = temperature === undefined || (temperature >= 0 && temperature <= 2);
  problems.check(fineTemperature, "prompt.temperature", "must be 0 to 2");
  problems.check(topP === undefined || (topP > 0 && topP <= 1), "prompt.top_p", "must be above 0 and at most 1");
  const fineLimit = maxOutputTokens === undefined || (Number.isInteger(maxOutputTokens) && maxOutputTokens >= 1);
  problems.check(fineLimit, "prompt.max_output_tokens", "must be a whole number of 1 or more");
  problems.check(stop.length <= MOST_STOPS, "prompt.stop", `must have at most ${MOST_STOPS} texts`);
  stop.slice(0, MOST_STOPS).forEach((text, index) => {
    const fine = text.length >= 1 && text.length <= LONGEST_STOP;
    problems.check(fine, `prompt.stop[${index}]`, `must have 1-${LONGEST_STOP} characters`);
  });
  const fineSeed = seed === undefined || (seed >= -LARGEST_SEED && seed <= LARGEST_SEED);
  problems.check(fineSeed, "prompt.seed", "must be within 2^53 - 1, the range of integers in JSON");
}
