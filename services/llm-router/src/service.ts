import type { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { scopeOf } from "@agentmesh/rpc";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Catalogue } from "./domain/catalogue.ts";
import type { Embeddings } from "./domain/embeddings.ts";
import type { ModelCalls } from "./domain/model-calls.ts";
import { attributionOf, promptOf } from "./mapping/from-contract.ts";
import { eventMessage, generationMessage, modelMessage, usageMessage } from "./mapping/to-contract.ts";

/** What answers. */
export interface LlmRouter {
  readonly catalogue: Catalogue;
  readonly models: ModelCalls;
  readonly embeddings: Embeddings;
}

/** The contract over the rules. */
export function llmRouterService(router: LlmRouter): ServiceImpl<typeof LlmRouterService> {
  return {
    async generate({ prompt, attribution }, context) {
      const generation = await router.models.generate(scopeOf(context), promptOf(prompt), attributionOf(attribution));
      return { generation: generationMessage(generation) };
    },

    async *streamGenerate({ prompt, attribution }, context) {
      const events = router.models.stream(scopeOf(context), promptOf(prompt), attributionOf(attribution));
      for await (const event of events) yield { event: eventMessage(event) };
    },

    async embed({ model, inputs, attribution }, context) {
      const order = { model, inputs, attribution: attributionOf(attribution) };
      const { vectors, usage, cost, ...rest } = await router.embeddings.embed(scopeOf(context), order);
      const embeddings = vectors.map((values) => ({ values: values as number[] }));
      return { embeddings, model: rest.model, usage: usageMessage(usage), cost: { nanoUsd: cost } };
    },

    listModels() {
      const models = [...router.catalogue.models].sort((a, b) => (a.name < b.name ? -1 : 1));
      return { models: models.map(modelMessage) };
    },
  };
}
