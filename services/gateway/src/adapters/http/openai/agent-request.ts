import { type RunInput, RunInputSchema } from "@agentmesh/contracts/gateway/v1/agent_service";
import { type Message, Role } from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";
import type { ChatRequest } from "./chat-request.ts";
import { textOf } from "./completion.ts";
import type { Exchange } from "./exchange.ts";
import { HttpProblem, invalid, unsupported } from "./problem.ts";

/** What models are called that are agents. */
export const AGENT_PREFIX = "agent/";

const AGENT_ID = /^[a-z0-9-]{1,64}$/;

/**
 * A chat completion as a run: the last message is the input. Without a session the earlier ones are its history; with
 * one they are left out, because the session has them and OpenAI's clients repeat them every time.
 */
export function runInputOf(exchange: Exchange, chat: ChatRequest): RunInput {
  const { messages, model } = chat.prompt;
  const agentId = agentIdOf(model);
  const [owned] = chat.setByAgents;
  if (owned !== undefined) throw unsupported(owned, `is not for agents: "${agentId}" brings its own`);
  const input = create(RunInputSchema);
  input.agentId = agentId;
  input.input = inputOf(messages);
  input.sessionId = headerOf(exchange, "x-agentmesh-session") ?? chat.sessionId ?? "";
  input.idempotencyKey = headerOf(exchange, "idempotency-key") ?? "";
  if (input.sessionId === "") input.history = messages.slice(0, -1);
  return input;
}

function agentIdOf(model: string): string {
  const id = model.slice(AGENT_PREFIX.length);
  if (AGENT_ID.test(id)) return id;
  const details = { status: 404, type: "invalid_request_error", code: "model_not_found", param: "model" };
  throw new HttpProblem("There is no such agent: an agent's name has 1 to 64 characters of a-z, 0-9 and -.", details);
}

function inputOf(messages: readonly Message[]): string {
  const system = messages.findIndex(({ role }) => role === Role.SYSTEM);
  if (system !== -1)
    throw unsupported(
      `messages[${system}].role`,
      "must not be system or developer: an agent brings its own instructions",
    );
  const last = messages.at(-1);
  if (last?.role !== Role.USER)
    throw invalid(`messages[${messages.length - 1}].role`, "of the last message must be user");
  return textOf(last);
}

function headerOf({ request }: Exchange, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
