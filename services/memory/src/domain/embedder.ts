import type { CallScope } from "@agentmesh/rpc/scope";

/** Makes vectors of texts. */
export interface Embedder {
  /** The model it uses. Vectors of different models cannot be compared. */
  readonly model: string;
  /** @returns a vector of unit length, or all zero for a text in which the model finds nothing */
  embed(text: string, scope: CallScope): Promise<Float32Array>;
}
