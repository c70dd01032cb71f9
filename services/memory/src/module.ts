import { randomUUID } from "node:crypto";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { defineModule } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { LlmRouterEmbedder } from "./adapters/mesh/llm-router-embedder.ts";
import { SqliteMemoryStore } from "./adapters/sqlite/memory-store.ts";
import { migrations } from "./adapters/sqlite/schema.ts";
import { SqliteSessionStore } from "./adapters/sqlite/session-store.ts";
import { settings } from "./config.ts";
import { SemanticMemory } from "./domain/semantic-memory.ts";
import { Sessions } from "./domain/sessions.ts";
import { Sweeper } from "./domain/sweeper.ts";
import { memoryMetrics } from "./metrics.ts";
import { memoryService } from "./service.ts";

/** Sessions and semantic memory. */
export const memoryModule = defineModule({
  name: "memory",
  settings,
  dependsOn: ["llm-router"],
  services: [MemoryService],
  async create(host, config) {
    const { clock } = host;
    const { logger } = host.telemetry;
    const metrics = memoryMetrics(host.telemetry.metrics);
    const database = await host.database(migrations);
    const sessionStore = new SqliteSessionStore(database, config);
    const memoryStore = new SqliteMemoryStore(database, {
      ...config,
      cacheBytes: config.vectorCacheMegabytes * 1_048_576,
    });
    const embedder = new LlmRouterEmbedder(host.client(LlmRouterService), config.embeddingModel);
    const sessions = new Sessions({
      store: sessionStore,
      clock,
      metrics,
      defaultTimeToLiveMs: config.sessionTimeToLive,
    });
    const memory = new SemanticMemory({ store: memoryStore, embedder, clock, newId: randomUUID, metrics });
    const sweeper = new Sweeper({ store: sessionStore, clock, logger, metrics, intervalMs: config.sweepInterval });
    metrics.sessions.set(await sessionStore.count());
    return {
      bindings: [bind(MemoryService, memoryService(sessions, memory))],
      async start() {
        sweeper.start();
      },
      stop: () => sweeper.stop(),
    };
  },
});
