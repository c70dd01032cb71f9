import {
  FinishReason as ContractFinishReason,
  type Generation,
  GenerationSchema,
} from "@agentmesh/contracts/llm_router/v1/model";
import { create } from "@bufbuild/protobuf";
import type { FinishReason, ModelAnswer } from "../../domain/events.ts";
import {
  contractMessage,
  contractMoney,
  contractUsage,
  domainMessage,
  domainMoney,
  domainUsage,
} from "./message-codec.ts";

const finishReasons: Readonly<Record<FinishReason, ContractFinishReason>> = {
  stop: ContractFinishReason.STOP,
  length: ContractFinishReason.LENGTH,
  tool_calls: ContractFinishReason.TOOL_CALLS,
  content_filter: ContractFinishReason.CONTENT_FILTER,
};
const finishNames = new Map<number, FinishReason>(
  Object.entries(finishReasons).map(([name, reason]) => [reason, name as FinishReason]),
);

/** A model's answer as the domain sees it. */
export function domainAnswer(generation: Generation): ModelAnswer {
  const { message } = generation;
  return {
    id: generation.id,
    message: message === undefined ? { role: "assistant", parts: [] } : domainMessage(message),
    finishReason: finishNames.get(generation.finishReason) ?? "stop",
    model: generation.model,
    provider: generation.provider,
    usage: domainUsage(generation.usage),
    costNanoUsd: domainMoney(generation.cost),
    routeReason: generation.routeReason,
    attempts: generation.attempts,
  };
}

/** A recorded answer in the contract's form. */
export function contractGeneration(answer: ModelAnswer): Generation {
  return create(GenerationSchema, {
    id: answer.id,
    message: contractMessage(answer.message),
    finishReason: finishReasons[answer.finishReason],
    model: answer.model,
    provider: answer.provider,
    usage: contractUsage(answer.usage),
    cost: contractMoney(answer.costNanoUsd),
    routeReason: answer.routeReason,
    attempts: answer.attempts,
  });
}
