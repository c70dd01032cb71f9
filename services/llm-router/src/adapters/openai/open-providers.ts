import type { LlmRouterConfig } from "../../config.ts";
import { settings } from "../../config.ts";
import type { ProviderEntry } from "../../domain/catalogue.ts";
import { OpenAiProvider } from "./openai-provider.ts";

/**
 * The providers of a catalogue, with addresses and keys from the settings. Nothing is connected yet.
 * @throws TypeError for a key whose provider the catalogue does not know: most often a typing error
 */
export function openProviders(
  entries: readonly ProviderEntry[],
  config: LlmRouterConfig,
): ReadonlyMap<string, OpenAiProvider> {
  const unknown = [...(config.providerApiKeys?.keys() ?? [])].filter(
    (name) => !entries.some((entry) => entry.name === name),
  );
  if (unknown.length > 0) {
    throw new TypeError(
      `${settings.fields.providerApiKeys.env} has a key for ${unknown.join(", ")}: no such provider in the catalogue`,
    );
  }
  return new Map(entries.map((entry) => [entry.name, openProvider(entry, config)]));
}

function openProvider(entry: ProviderEntry, config: LlmRouterConfig): OpenAiProvider {
  // The common key goes to the common address only: never to an address that a catalogue brings along.
  const common = entry.baseUrl === undefined ? config.providerApiKey : undefined;
  return new OpenAiProvider({
    name: entry.name,
    baseUrl: entry.baseUrl ?? config.providerUrl,
    apiKey: config.providerApiKeys?.get(entry.name) ?? common,
    maxTokensField: entry.maxTokensField,
    streamUsage: entry.streamUsage,
    connectTimeoutMs: config.connectTimeout,
    firstByteMs: config.firstTokenTimeout,
    idleMs: config.idleTimeout,
    maxResponseBytes: config.maxResponseBytes,
    connections: config.connections,
  });
}
