/** Results of the domain as messages of the contract. */
import {
  FinishReason as FinishReasonMessage,
  type GenerationEventSchema,
  type GenerationSchema,
  ModelKind as ModelKindMessage,
  type ModelSchema,
} from "@agentmesh/contracts/llm_router/v1/model";
import { Provenance, Role, type UsageSchema } from "@agentmesh/contracts/type/v1/types";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ModelEntry, ModelKind } from "../domain/catalogue.ts";
import type { FinishReason, Generation, GenerationEvent, Usage } from "../domain/generation.ts";

const FINISH_REASONS: Readonly<Record<FinishReason, FinishReasonMessage>> = {
  stop: FinishReasonMessage.STOP,
  length: FinishReasonMessage.LENGTH,
  tool_calls: FinishReasonMessage.TOOL_CALLS,
  content_filter: FinishReasonMessage.CONTENT_FILTER,
};

const KINDS: Readonly<Record<ModelKind, ModelKindMessage>> = {
  generation: ModelKindMessage.GENERATION,
  embedding: ModelKindMessage.EMBEDDING,
};

/** A part of a streamed answer. */
export function eventMessage(event: GenerationEvent): MessageInitShape<typeof GenerationEventSchema> {
  switch (event.kind) {
    case "started":
      return { event: { case: "started", value: { id: event.id, model: event.model, provider: event.provider } } };
    case "text":
      return { event: { case: "textDelta", value: event.text } };
    case "tool":
      return { event: { case: "toolCallDelta", value: event.delta } };
    case "completed":
      return { event: { case: "completed", value: generationMessage(event.generation) } };
  }
}

/** A whole answer. */
export function generationMessage(generation: Generation): MessageInitShape<typeof GenerationSchema> {
  const { id, text, toolCalls, model, provider, routeReason, attempts } = generation;
  const content = { case: "text" as const, value: text };
  const parts = text === "" ? [] : [{ content, provenance: Provenance.MODEL }];
  return {
    id,
    message: { role: Role.ASSISTANT, parts, toolCalls: [...toolCalls] },
    finishReason: FINISH_REASONS[generation.finishReason],
    model,
    provider,
    usage: usageMessage(generation.usage),
    cost: { nanoUsd: generation.cost },
    routeReason,
    attempts,
  };
}

/** Tokens. */
export function usageMessage(usage: Usage): MessageInitShape<typeof UsageSchema> {
  return {
    inputTokens: BigInt(usage.inputTokens),
    outputTokens: BigInt(usage.outputTokens),
    cachedInputTokens: BigInt(usage.cachedInputTokens),
    reasoningTokens: BigInt(usage.reasoningTokens),
    estimated: usage.estimated,
  };
}

/** An entry of the catalogue. */
export function modelMessage(entry: ModelEntry): MessageInitShape<typeof ModelSchema> {
  const { name, provider, contextTokens, maxOutputTokens, prices, tools, dimensions, tier } = entry;
  return {
    name,
    provider,
    kind: KINDS[entry.kind],
    contextTokens,
    maxOutputTokens,
    inputPricePerMillion: { nanoUsd: prices.input },
    outputPricePerMillion: { nanoUsd: prices.output },
    cachedInputPricePerMillion: { nanoUsd: prices.cachedInput },
    tools,
    dimensions,
    tier,
  };
}
