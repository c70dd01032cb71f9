import { type ConfigOf, defineSettings, duration } from "@agentmesh/config";
import { price, prices } from "./prices-setting.ts";

/** The settings of tool-registry. */
export const settings = defineSettings("tool-registry", {
  pricePerCall: price({
    env: "AGENTMESH_TOOL_REGISTRY_PRICE_PER_CALL_USD",
    help: "What one call of a tool costs, in US dollars, unless AGENTMESH_TOOL_REGISTRY_PRICES names the tool.",
  }),
  prices: prices({
    env: "AGENTMESH_TOOL_REGISTRY_PRICES",
    help: "What one call of single tools costs, in US dollars.",
  }),
  leaseGrace: duration({
    env: "AGENTMESH_TOOL_REGISTRY_LEASE_GRACE",
    default: "5s",
    min: "1s",
    max: "5m",
    help: "How much longer than its tool may take a step is leased before its end counts as unknown.",
  }),
  stepRetention: duration({
    env: "AGENTMESH_TOOL_REGISTRY_STEP_RETENTION",
    default: "30d",
    min: "1h",
    max: "3650d",
    help: "How long the results of steps are kept; a run that is resumed later executes its steps again.",
  }),
  sweepInterval: duration({
    env: "AGENTMESH_TOOL_REGISTRY_SWEEP_INTERVAL",
    default: "10m",
    min: "1s",
    max: "1d",
    help: "How often steps beyond their retention are removed.",
  }),
});

/** The loaded settings. */
export type ToolRegistryConfig = ConfigOf<typeof settings>;
