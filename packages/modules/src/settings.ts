/** The settings of a process, whichever modules it runs. Services do not declare these. */
import {
  choice,
  decimal,
  defineSettings,
  duration,
  integer,
  prefixOf,
  type Setting,
  type Settings,
  secret,
  text,
} from "@agentmesh/config";
import type { ModuleName } from "./module.ts";

/** The gRPC port of each module when nothing else is set. */
export const defaultGrpcPorts: Readonly<Record<ModuleName, number>> = {
  gateway: 7100,
  guardrail: 7101,
  orchestrator: 7102,
  "llm-router": 7103,
  memory: 7104,
  "tool-registry": 7105,
  cost: 7106,
};

/** The gateway's port for gRPC-Web, Connect, JSON and the OpenAI-compatible routes. */
export const defaultHttpPort = 7180;

/** The metrics port of the all-in-one process; a service alone takes the one after it by its order: 7191 to 7197. */
export const defaultMetricsPort = 7190;

/** All modules of the mesh. */
export const moduleNames = Object.keys(defaultGrpcPorts) as readonly ModuleName[];

/** Groups that other processes of the mesh may have in the same environment; "api" is that of the example clients. */
export const otherGroups: readonly string[] = [...moduleNames, "llm-simulator", "api"];

/** What every process of the mesh understands. */
export const sharedSettings = defineSettings(
  "shared",
  {
    dataDirectory: text({
      env: "AGENTMESH_DATA_DIR",
      default: ".data",
      help: "Folder of the databases and keys, created when missing; relative to the project's folder.",
    }),
    durability: choice({
      env: "AGENTMESH_DURABILITY",
      values: ["normal", "full"],
      default: "normal",
      help: "What a confirmed write survives: the death of the process (normal), or the loss of power as well (full).",
    }),
    logLevel: choice({
      env: "AGENTMESH_LOG_LEVEL",
      values: ["trace", "debug", "info", "warn", "error", "silent"],
      default: "info",
      help: "The least important log lines that are written.",
    }),
    listenHost: text({
      env: "AGENTMESH_LISTEN_HOST",
      default: "127.0.0.1",
      help: "Address that the gRPC and HTTP ports bind to; 0.0.0.0 takes calls from other machines.",
    }),
    metricsHost: text({
      env: "AGENTMESH_METRICS_HOST",
      default: "127.0.0.1",
      help: "Address that the metrics port binds to.",
    }),
    metricsPort: integer({
      env: "AGENTMESH_METRICS_PORT",
      min: 0,
      max: 65_535,
      help: "Port of /metrics; 0 takes a free one. When not set: 7190 for all in one, 7191 to 7197 for a service alone.",
    }),
    transport: choice({
      env: "AGENTMESH_TRANSPORT",
      values: ["direct", "grpc"],
      default: "direct",
      help: "How modules of one process call each other: in memory, or over gRPC on their ports.",
    }),
    maxMessageBytes: integer({
      env: "AGENTMESH_MAX_MESSAGE_BYTES",
      default: 4_194_304,
      min: 1_024,
      max: 67_108_864,
      help: "Largest message that is accepted or sent, in bytes.",
    }),
    concurrencyLimit: integer({
      env: "AGENTMESH_CONCURRENCY_LIMIT",
      default: 1_000,
      min: 1,
      max: 100_000,
      help: "Most calls that a module answers at the same time; further ones are refused with a time to retry.",
    }),
    shutdownDelay: duration({
      env: "AGENTMESH_SHUTDOWN_DELAY",
      default: "0s",
      max: "5m",
      help: "Time between not ready and refusing new calls, for load balancers to notice.",
    }),
    drainTimeout: duration({
      env: "AGENTMESH_DRAIN_TIMEOUT",
      default: "20s",
      max: "1h",
      help: "Longest time that calls and work in progress get to finish when the process is told to stop.",
    }),
    otlpEndpoint: text({
      env: "OTEL_EXPORTER_OTLP_ENDPOINT",
      pattern: /^https?:\/\/\S+$/,
      patternHelp: "an http:// or https:// URL",
      help: "Where traces are sent (OTLP over HTTP). Without it nothing is traced.",
    }),
    traceSampleRatio: decimal({
      env: "AGENTMESH_TRACE_SAMPLE_RATIO",
      default: 1,
      min: 0,
      max: 1,
      help: "Share of new traces that are recorded.",
    }),
    principalPrivateKey: secret({
      env: "AGENTMESH_PRINCIPAL_PRIVATE_KEY",
      help: "Ed25519 key (PKCS #8, PEM) that signs principals; only the gateway needs it. When not set: a file in the data folder.",
    }),
    principalPublicKeys: secret({
      env: "AGENTMESH_PRINCIPAL_PUBLIC_KEYS",
      help: "Ed25519 keys (PEM, one after the other) whose signatures are accepted. When not set: a file in the data folder.",
    }),
  },
  "AGENTMESH_",
);

/** The ports of one module. */
export function portSettings(module: ModuleName) {
  const prefix = prefixOf(module);
  const grpcPort = integer({
    env: `${prefix}GRPC_PORT`,
    default: defaultGrpcPorts[module],
    min: 0,
    max: 65_535,
    help: "Port for gRPC; 0 takes a free one.",
  });
  const httpPort = integer({
    env: `${prefix}HTTP_PORT`,
    default: defaultHttpPort,
    min: 0,
    max: 65_535,
    help: "Port for gRPC-Web, Connect, JSON and the OpenAI-compatible routes; 0 takes a free one.",
  });
  const fields: Record<string, Setting<number>> = module === "gateway" ? { grpcPort, httpPort } : { grpcPort };
  return defineSettings(`${module} ports`, fields, prefix);
}

/** Where modules of other processes are found, by module name. */
export const addressSettings = defineSettings(
  "addresses",
  Object.fromEntries(moduleNames.map((name) => [name, addressSetting(name)])) as Record<ModuleName, Setting<string>>,
  "AGENTMESH_ADDRESSES_",
);

function addressSetting(name: ModuleName): Setting<string> {
  return text({
    env: `${prefixOf(name)}ADDRESS`,
    default: `127.0.0.1:${defaultGrpcPorts[name]}`,
    pattern: /^(\[[0-9a-fA-F:.]+\]|[^\s:/]+):\d{1,5}$/,
    patternHelp: "host:port",
    help: `Where other processes find ${name}.`,
  });
}

/** A group of numbers by name. */
export type PortSettings = Settings<string, Record<string, Setting<number>>>;
