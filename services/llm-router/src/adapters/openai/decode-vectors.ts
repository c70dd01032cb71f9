import type { ProviderVectors } from "../../domain/ports.ts";
import { ProviderFailure } from "../../domain/provider-failure.ts";
import { parsed, usageOf } from "./decode-answer.ts";
import { failureOfErrorObject } from "./status-failure.ts";

/**
 * Reads the answer of /embeddings.
 * @throws ProviderFailure when it is not one vector of finite numbers per place
 */
export function decodeVectors(json: string): ProviderVectors {
  const answer = parsed(json);
  if (answer.error !== undefined && answer.error !== null) throw failureOfErrorObject(answer.error, 0);
  const items = Array.isArray(answer.data) ? answer.data : [];
  const vectors: (readonly number[] | undefined)[] = new Array(items.length).fill(undefined);
  items.forEach((item: { index?: unknown; embedding?: unknown } | null, position) => {
    const index = item?.index ?? position;
    if (typeof index === "number" && index in vectors && isVector(item?.embedding)) vectors[index] = item.embedding;
  });
  if (vectors.length === 0 || !vectors.every((vector) => vector !== undefined)) throw broken();
  return {
    vectors,
    usage: usageOf(answer.usage, false),
    model: typeof answer.model === "string" ? answer.model.slice(0, 256) : "",
  };
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((component) => Number.isFinite(component));
}

function broken(): ProviderFailure {
  return new ProviderFailure("protocol", "the provider's vectors cannot be read", { worked: true });
}
