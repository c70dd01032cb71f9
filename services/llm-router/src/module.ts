import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { defineModule } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { DEFAULT_CATALOGUE, readCatalogue } from "./adapters/catalogue-file/read-catalogue.ts";
import { CostHolds } from "./adapters/cost/cost-holds.ts";
import { openAiCodec } from "./adapters/openai/encode-prompt.ts";
import { openProviders } from "./adapters/openai/open-providers.ts";
import { settings } from "./config.ts";
import { Catalogue } from "./domain/catalogue.ts";
import { Embeddings } from "./domain/embeddings.ts";
import { newCallId } from "./domain/hold-id.ts";
import { ModelCalls } from "./domain/model-calls.ts";
import { ProviderHealth } from "./domain/provider-health.ts";
import { AUTO } from "./domain/route.ts";
import { Settlements } from "./domain/settlements.ts";
import { metrics } from "./metrics.ts";
import { llmRouterService } from "./service.ts";

/** Calls models: chooses, holds the money, calls the provider, settles what was used. */
export const llmRouterModule = defineModule({
  name: "llm-router",
  settings,
  dependsOn: ["cost"],
  services: [LlmRouterService],
  async create(host, config) {
    const { telemetry, clock, random } = host;
    const content = await readCatalogue(config.catalogue ?? DEFAULT_CATALOGUE);
    const catalogue = new Catalogue(content.models);
    requireModel(catalogue, config.defaultModel);
    const providers = openProviders(content.providers, config);
    const holds = new CostHolds(host.client(CostService), clock);
    const lost = telemetry.metrics.counter(metrics.lostSettlements);
    const settlements = new Settlements({ holds, logger: telemetry.logger, onLost: () => lost.add(1) });
    const health = new ProviderHealth([...providers.keys()], clock);
    const environment = {
      holds,
      settlements,
      health,
      clock,
      random,
      newId: () => newCallId(clock()),
      callTimeoutMs: config.callTimeout,
      catalogue,
      providers,
      telemetry,
    };
    const models = new ModelCalls({ ...environment, codec: openAiCodec, defaultModel: config.defaultModel });
    const embeddings = new Embeddings(environment);
    return {
      bindings: [bind(LlmRouterService, llmRouterService({ catalogue, models, embeddings }))],
      dependencies: () => health.states().map((state) => ({ ...state, name: `provider:${state.name}` })),
      drain: (signal) => Promise.race([settlements.idle(), aborted(signal)]),
      async stop() {
        await settlements.finish();
        await Promise.all([...providers.values()].map((provider) => provider.close()));
      },
    };
  },
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function requireModel(catalogue: Catalogue, name: string): void {
  if (name === AUTO || catalogue.find(name)?.entry.kind === "generation") return;
  throw new TypeError(
    `${settings.fields.defaultModel.env} names "${name}", which the catalogue does not have as a generation model`,
  );
}
