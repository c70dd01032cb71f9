import { FinishReason, type Generation } from "@agentmesh/contracts/llm_router/v1/model";
import type { Message, Usage } from "@agentmesh/contracts/type/v1/types";
import { usageOf } from "./chunks.ts";
import type { AnswerHeaders } from "./exchange.ts";

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  [FinishReason.UNSPECIFIED]: "stop",
  [FinishReason.STOP]: "stop",
  [FinishReason.LENGTH]: "length",
  [FinishReason.TOOL_CALLS]: "tool_calls",
  [FinishReason.CONTENT_FILTER]: "content_filter",
};

/** OpenAI's word for why a model stopped. */
export function finishReasonOf({ finishReason }: Generation): string {
  return FINISH_REASONS[finishReason] ?? "stop";
}

/** All text of a message. */
export function textOf(message: Message | undefined): string {
  const parts = message?.parts ?? [];
  if (parts.length === 1 && parts[0]?.content.case === "text") return parts[0].content.value;
  return parts.map(({ content }) => (content.case === "text" ? content.value : "")).join("");
}

/** What a chat completion answers. */
export interface Completion {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  readonly message: Message | undefined;
  readonly finishReason: string;
  readonly usage: Usage | undefined;
}

/** The body of a chat completion that is not streamed. */
export function completionBody({ id, created, model, message, finishReason, usage }: Completion) {
  const text = textOf(message);
  const calls = (message?.toolCalls ?? []).map((call) => ({
    id: call.id,
    type: "function",
    function: { name: call.name, arguments: call.argumentsJson },
  }));
  const content = text === "" && calls.length > 0 ? null : text;
  const answer = { role: "assistant", content, refusal: null, ...(calls.length > 0 && { tool_calls: calls }) };
  const choices = [{ index: 0, message: answer, logprobs: null, finish_reason: finishReason }];
  return { id, object: "chat.completion", created, model, choices, usage: usageOf(usage), system_fingerprint: null };
}

/** What is said about a model call besides its answer. */
export function factsOf({ model, provider, routeReason, attempts, cost }: Generation) {
  return { model, provider, route_reason: routeReason, attempts, cost_nano_usd: String(cost?.nanoUsd ?? 0n) };
}

/** The same as headers. */
export function modelHeaders({ model, provider, routeReason, attempts, cost }: Generation, into: AnswerHeaders): void {
  into["x-agentmesh-model"] = headerText(model);
  into["x-agentmesh-provider"] = headerText(provider);
  into["x-agentmesh-route-reason"] = headerText(routeReason);
  into["x-agentmesh-attempts"] = String(attempts);
  into["x-agentmesh-cost-nano-usd"] = String(cost?.nanoUsd ?? 0n);
}

const UNFIT = /[^\x20-\x7e]/;

/** A text that HTTP can carry in a header: others' names may hold anything. */
export function headerText(text: string): string {
  return UNFIT.test(text) ? encodeURIComponent(text) : text;
}
