import { type ConfigOf, defineSettings, duration, integer, text } from "@agentmesh/config";

/** The settings of memory. */
export const settings = defineSettings("memory", {
  sessionTimeToLive: duration({
    env: "AGENTMESH_MEMORY_SESSION_TTL",
    default: "1h",
    min: "1m",
    max: "90d",
    help: "How long a session is kept after its last turn, when the turn does not say.",
  }),
  maxMessagesPerSession: integer({
    env: "AGENTMESH_MEMORY_MAX_MESSAGES_PER_SESSION",
    default: 10_000,
    min: 1,
    max: 1_000_000,
    help: "Most messages of one session.",
  }),
  maxSessionsPerUser: integer({
    env: "AGENTMESH_MEMORY_MAX_SESSIONS_PER_USER",
    default: 100_000,
    min: 1,
    max: 10_000_000,
    help: "Most sessions of one user.",
  }),
  sweepInterval: duration({
    env: "AGENTMESH_MEMORY_SWEEP_INTERVAL",
    default: "1m",
    min: "100ms",
    max: "1h",
    help: "How often expired sessions are removed from the store. They vanish from answers at once.",
  }),
  embeddingModel: text({
    env: "AGENTMESH_MEMORY_EMBEDDING_MODEL",
    default: "lexical",
    maxLength: 128,
    help: "Embedding model for what is remembered, as llm-router names it. A collection keeps the model it was made with.",
  }),
  maxRecordsPerCollection: integer({
    env: "AGENTMESH_MEMORY_MAX_RECORDS_PER_COLLECTION",
    default: 10_000,
    min: 1,
    max: 200_000,
    help: "Most memories of one collection.",
  }),
  maxCollectionsPerUser: integer({
    env: "AGENTMESH_MEMORY_MAX_COLLECTIONS_PER_USER",
    default: 100,
    min: 1,
    max: 10_000,
    help: "Most collections of one user.",
  }),
  vectorCacheMegabytes: integer({
    env: "AGENTMESH_MEMORY_VECTOR_CACHE_MEGABYTES",
    default: 64,
    min: 1,
    max: 65_536,
    help: "Memory for vectors of collections in use. The least recently used ones are read again when needed.",
  }),
});

/** The loaded settings. */
export type MemoryConfig = ConfigOf<typeof settings>;
