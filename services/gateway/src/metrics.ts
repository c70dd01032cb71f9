import { buckets, defineMetric } from "@agentmesh/telemetry";

/** Metrics of the public door. Calls by RPC, code and duration are the shared `rpc_server_*` metrics. */
export const metrics = {
  httpRequests: defineMetric({
    name: "gateway_http_requests_total",
    help: "Answered requests of the OpenAI-compatible routes, by route and HTTP status.",
    type: "counter",
    labels: ["route", "status"],
  }),
  httpDuration: defineMetric({
    name: "gateway_http_request_duration_seconds",
    help: "Time from the head of an OpenAI-compatible request to the end of its answer.",
    type: "histogram",
    labels: ["route"],
    buckets: buckets.modelSeconds,
  }),
  keysRefused: defineMetric({
    name: "gateway_keys_refused_total",
    help: "Calls refused for their API key, by reason.",
    type: "counter",
    labels: ["reason"],
  }),
  rateLimited: defineMetric({
    name: "gateway_rate_limited_total",
    help: "Calls refused because their key had used up its requests.",
    type: "counter",
  }),
  runsAbandoned: defineMetric({
    name: "gateway_runs_abandoned_total",
    help: "Runs cancelled because their caller went away.",
    type: "counter",
  }),
} as const;
