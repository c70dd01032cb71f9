import type { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Client } from "@connectrpc/connect";
import type { Embedder } from "../../domain/embedder.ts";
import { errors } from "../../errors.ts";

/** Vectors from llm-router. They are charged to the user of the call. */
export class LlmRouterEmbedder implements Embedder {
  readonly model: string;
  readonly #router: Client<typeof LlmRouterService>;

  constructor(router: Client<typeof LlmRouterService>, model: string) {
    this.#router = router;
    this.model = model;
  }

  async embed(text: string, scope: CallScope): Promise<Float32Array> {
    const { embeddings } = await this.#router.embed({ model: this.model, inputs: [text] }, callOptionsOf(scope));
    const values = embeddings[0]?.values;
    if (values === undefined || values.length === 0) throw errors.EMBEDDING_UNUSABLE();
    return unitVector(values);
  }
}

/** A copy of length one; all zero stays all zero. */
export function unitVector(values: ArrayLike<number>): Float32Array {
  const vector = Float32Array.from(values);
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!Number.isFinite(squares)) throw errors.EMBEDDING_UNUSABLE();
  if (squares === 0) return vector;
  const length = Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
  return vector;
}
