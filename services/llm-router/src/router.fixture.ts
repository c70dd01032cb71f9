/** The service over the in-process transport, with the simulator or any other provider behind it. */
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { bind, createDirectTransport, serverInterceptors } from "@agentmesh/rpc";
import type { PrincipalCredential } from "@agentmesh/rpc/scope";
import { createTelemetry } from "@agentmesh/telemetry";
import { createClient } from "@connectrpc/connect";
import { DEFAULT_CATALOGUE, readCatalogue } from "./adapters/catalogue-file/read-catalogue.ts";
import { openAiCodec } from "./adapters/openai/encode-prompt.ts";
import { OpenAiProvider } from "./adapters/openai/openai-provider.ts";
import { Catalogue, type ModelEntry } from "./domain/catalogue.ts";
import { Embeddings } from "./domain/embeddings.ts";
import { newCallId } from "./domain/hold-id.ts";
import { ModelCalls } from "./domain/model-calls.ts";
import { ProviderHealth } from "./domain/provider-health.ts";
import { RecordingHolds } from "./domain/recording-holds.fixture.ts";
import { Settlements } from "./domain/settlements.ts";
import { llmRouterService } from "./service.ts";

const credential: PrincipalCredential = {
  principal: { tenant: "acme", user: "ann", keyId: "k1", roles: [], scopes: ["*"] },
  token: () => "",
};

export interface RouterOptions {
  /** Address of the provider called "simulator". */
  readonly url: string;
  readonly firstByteMs?: number;
  readonly idleMs?: number;
  readonly callTimeoutMs?: number;
  readonly maxResponseBytes?: number;
  readonly apiKey?: string;
  readonly defaultModel?: string;
  readonly settleWaitsMs?: readonly number[];
  /** An OTLP collector. */
  readonly otlpEndpoint?: string;
  /** In place of the simulator's models. */
  readonly models?: readonly ModelEntry[];
}

/** Starts it. `close` proves that nothing is left pending. */
export async function startRouter(options: RouterOptions) {
  const lines: string[] = [];
  const telemetry = await createTelemetry({
    service: "llm-router",
    level: "debug",
    otlpEndpoint: options.otlpEndpoint,
    destination: { write: (line) => lines.push(line) },
  });
  const holds = new RecordingHolds();
  const provider = new OpenAiProvider({
    name: "simulator",
    baseUrl: options.url,
    apiKey: options.apiKey,
    maxTokensField: "max_tokens",
    streamUsage: true,
    connectTimeoutMs: 1_000,
    firstByteMs: options.firstByteMs ?? 5_000,
    idleMs: options.idleMs ?? 5_000,
    maxResponseBytes: options.maxResponseBytes ?? 1_000_000,
    connections: 64,
  });
  let lost = 0;
  const settlements = new Settlements({
    holds,
    logger: telemetry.logger,
    onLost: () => {
      lost += 1;
    },
    waitsMs: options.settleWaitsMs ?? [1, 2],
  });
  const health = new ProviderHealth(["simulator"], Date.now);
  const catalogue = new Catalogue(options.models ?? (await readCatalogue(DEFAULT_CATALOGUE)).models);
  const environment = {
    holds,
    settlements,
    health,
    clock: Date.now,
    // The shortest waits between tries.
    random: () => 0,
    newId: () => newCallId(Date.now()),
    callTimeoutMs: options.callTimeoutMs ?? 20_000,
    catalogue,
    providers: new Map([["simulator", provider]]),
    telemetry,
  };
  const models = new ModelCalls({
    ...environment,
    codec: openAiCodec,
    defaultModel: options.defaultModel ?? "simulator-small",
  });
  const embeddings = new Embeddings(environment);
  const transport = createDirectTransport({
    bindings: () => [bind(LlmRouterService, llmRouterService({ catalogue, models, embeddings }))],
    serverInterceptors: serverInterceptors({ telemetry, authenticate: () => credential }),
    verify: true,
  });
  return {
    client: createClient(LlmRouterService, transport),
    holds,
    health,
    settlements,
    telemetry,
    lines,
    lost: () => lost,
    events: (name: string) => lines.map((line) => JSON.parse(line)).filter(({ event }) => event === name),
    async close() {
      await settlements.idle();
      await provider.close();
      await telemetry.shutdown();
    },
  };
}

export type StartedRouter = Awaited<ReturnType<typeof startRouter>>;
