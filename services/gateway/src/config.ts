import { type ConfigOf, defineSettings, duration, integer, list } from "@agentmesh/config";

/** What an operator can set about the public door. Ports, data folder and message size are the runner's. */
export const settings = defineSettings("gateway", {
  requestsPerMinute: integer({
    env: "AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE",
    default: 600,
    min: 1,
    max: 1_000_000,
    help: "Requests a minute that a key may make unless the key says otherwise.",
  }),
  burst: integer({
    env: "AGENTMESH_GATEWAY_BURST",
    default: 100,
    min: 1,
    max: 100_000,
    help: "Most requests that a key may make at once; never more than its requests a minute.",
  }),
  unaryDeadline: duration({
    env: "AGENTMESH_GATEWAY_UNARY_DEADLINE",
    default: "60s",
    min: "1s",
    max: "1h",
    help: "Time that a call with a single answer gets when its caller sets no deadline.",
  }),
  streamDeadline: duration({
    env: "AGENTMESH_GATEWAY_STREAM_DEADLINE",
    default: "5m",
    min: "1s",
    max: "1h",
    help: "Time that a stream gets when its caller sets no deadline.",
  }),
  maxDeadline: duration({
    env: "AGENTMESH_GATEWAY_MAX_DEADLINE",
    default: "1h",
    min: "1s",
    max: "2h",
    help: "Longest deadline a caller may set; a later one is shortened to this.",
  }),
  maxBodyBytes: integer({
    env: "AGENTMESH_GATEWAY_MAX_BODY_BYTES",
    default: 4_194_304,
    min: 1_024,
    max: 67_108_864,
    help: "Largest body of an OpenAI-compatible request, in bytes; a larger one is answered with 413.",
  }),
  corsOrigins: list({
    env: "AGENTMESH_GATEWAY_CORS_ORIGINS",
    default: [],
    help: 'Origins of web pages that may call the HTTP port from a browser, such as "https://console.example.com"; "*" is every origin. Empty: none.',
  }),
});

/** The gateway's checked settings. */
export type GatewayConfig = ConfigOf<typeof settings>;
