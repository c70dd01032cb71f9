import {
  type ConfigOf,
  defineSettings,
  duration,
  InvalidValue,
  integer,
  type Setting,
  secret,
  text,
} from "@agentmesh/config";
import { isHttpUrl } from "./domain/reader.ts";

/** Settings of the llm-router. */
export const settings = defineSettings("llm-router", {
  providerUrl: address({
    env: "AGENTMESH_LLM_ROUTER_PROVIDER_URL",
    default: "http://127.0.0.1:7199/v1",
    help: "Address of an OpenAI-compatible endpoint, used by every provider of the catalogue that has no base_url; the default is the simulator's.",
  }),
  providerApiKey: secret({
    env: "AGENTMESH_LLM_ROUTER_PROVIDER_API_KEY",
    help: "Key for that endpoint; without one no Authorization header is sent.",
  }),
  providerApiKeys: apiKeys({
    env: "AGENTMESH_LLM_ROUTER_PROVIDER_API_KEYS",
    help: "Keys of the catalogue's providers by name, as name=key, separated by commas or line ends.",
  }),
  catalogue: text({
    env: "AGENTMESH_LLM_ROUTER_CATALOGUE",
    help: "YAML file with providers, models and prices; without one the simulator's models are used.",
  }),
  defaultModel: text({
    env: "AGENTMESH_LLM_ROUTER_DEFAULT_MODEL",
    default: "auto",
    maxLength: 128,
    help: "Model for prompts that name none.",
  }),
  callTimeout: duration({
    env: "AGENTMESH_LLM_ROUTER_CALL_TIMEOUT",
    default: "5m",
    min: "1s",
    max: "1h",
    help: "The most one model call may take, retries included; a nearer deadline of the caller counts instead.",
  }),
  connectTimeout: duration({
    env: "AGENTMESH_LLM_ROUTER_CONNECT_TIMEOUT",
    default: "5s",
    min: "10ms",
    max: "1m",
    help: "How long a connection to a provider may take to open.",
  }),
  firstTokenTimeout: duration({
    env: "AGENTMESH_LLM_ROUTER_FIRST_TOKEN_TIMEOUT",
    default: "60s",
    min: "10ms",
    max: "1h",
    help: "How long a provider may take to begin its answer; an answer that is not streamed begins when it is complete.",
  }),
  idleTimeout: duration({
    env: "AGENTMESH_LLM_ROUTER_IDLE_TIMEOUT",
    default: "30s",
    min: "10ms",
    max: "1h",
    help: "How long a provider may pause within an answer.",
  }),
  maxResponseBytes: integer({
    env: "AGENTMESH_LLM_ROUTER_MAX_RESPONSE_BYTES",
    default: 16 * 1024 * 1024,
    min: 1024,
    max: 1024 * 1024 * 1024,
    help: "Largest answer of a provider, in bytes; what exceeds it fails.",
  }),
  connections: integer({
    env: "AGENTMESH_LLM_ROUTER_PROVIDER_CONNECTIONS",
    default: 256,
    min: 1,
    max: 100_000,
    help: "Most connections to one provider, which is most calls at a time; further calls wait.",
  }),
});

/** The loaded settings. */
export type LlmRouterConfig = ConfigOf<typeof settings>;

function address(options: { readonly env: string; readonly default: string; readonly help: string }): Setting<string> {
  const setting = text({ ...options, maxLength: 2048 });
  const parse = (value: string) => {
    if (!isHttpUrl(value)) throw new InvalidValue("an http or https address without user, query or fragment");
    return value;
  };
  return { ...setting, type: "address", parse };
}

/** Keys by provider. The values never leave this map but for the Authorization header. */
function apiKeys(options: {
  readonly env: string;
  readonly help: string;
}): Setting<ReadonlyMap<string, string> | undefined> {
  const { parse: _, format: __, fallback: ___, ...setting } = secret(options);
  return { ...setting, fallback: undefined, parse: parseKeys, format: () => "***" };
}

function parseKeys(value: string): ReadonlyMap<string, string> {
  const entries = value.split(/[,\r\n]+/).map((entry) => entry.trim());
  const pairs = entries.filter((entry) => entry !== "").map((entry) => /^([a-z0-9][a-z0-9-]{0,62})=(\S+)$/.exec(entry));
  const keys = new Map<string, string>();
  for (const pair of pairs) {
    if (pair === null || keys.has(pair[1] ?? ""))
      throw new InvalidValue("entries of the form name=key, each name once");
    keys.set(pair[1] ?? "", pair[2] ?? "");
  }
  return keys;
}
