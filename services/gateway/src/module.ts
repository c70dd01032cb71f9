import { defineModule, type ModuleHost, type RunningModule } from "@agentmesh/modules";
import { events } from "@agentmesh/telemetry";
import { ensureAdminKey } from "./adapters/file/admin-key-file.ts";
import { migrations } from "./adapters/sqlite/migrations.ts";
import { SqliteKeyStore } from "./adapters/sqlite/sqlite-key-store.ts";
import { SqliteRateLimitStore } from "./adapters/sqlite/sqlite-rate-limit-store.ts";
import { type GatewayConfig, settings } from "./config.ts";
import { Authenticator } from "./domain/keys/authenticator.ts";
import { KeyManager } from "./domain/keys/key-manager.ts";
import type { KeyStore } from "./domain/keys/key-store.ts";
import { gatewayEdge } from "./edge.ts";
import { metrics } from "./metrics.ts";
import { gatewayBindings, services } from "./service.ts";

/** The public door: API keys, scopes, rate limits; gRPC, Connect, gRPC-Web, JSON and OpenAI-compatible HTTP. */
export const gatewayModule = defineModule({
  name: "gateway",
  settings,
  dependsOn: ["orchestrator", "guardrail", "llm-router", "memory", "cost"],
  services,
  signsPrincipals: true,
  create: createGateway,
});

async function createGateway(host: ModuleHost, config: GatewayConfig): Promise<RunningModule> {
  const { telemetry, clock } = host;
  const database = await host.database(migrations);
  const store = new SqliteKeyStore(database);
  const rateLimits = new SqliteRateLimitStore({ database, clock });
  const authenticator = authenticatorOf(host, store);
  const file = await ensureAdminKey({ store, dataDirectory: host.dataDirectory, clock });
  if (file !== undefined) telemetry.logger.info("a first API key was made; it may do everything", { file });
  return {
    bindings: gatewayBindings({
      client: (service) => host.client(service),
      keys: keysOf(host, store),
      ...abandonment(host),
    }),
    edge: gatewayEdge({ config, authenticator, rateLimits, telemetry, clock }),
    async stop() {
      authenticator.close();
      await rateLimits.close();
    },
  };
}

function authenticatorOf({ signer, clock, telemetry }: ModuleHost, store: KeyStore): Authenticator {
  if (signer === undefined) throw new TypeError("the gateway cannot vouch for its callers without a signer");
  return new Authenticator({
    store,
    clock,
    credentialFor: (principal) => signer.credential(principal),
    onTouchFailed: (error) => telemetry.logger.warn("the use of a key was not noted", { cause: String(error) }),
  });
}

function keysOf({ clock, telemetry }: ModuleHost, store: KeyStore): KeyManager {
  return new KeyManager({
    store,
    clock,
    onChange: (key, change, by) => {
      const fields = { key_id: key.id, change, tenant: key.tenant, by: by.user };
      telemetry.logger.event(events.keyChanged, fields);
    },
  });
}

function abandonment({ telemetry }: ModuleHost) {
  const abandoned = telemetry.metrics.counter(metrics.runsAbandoned);
  return {
    onAbandoned: () => abandoned.add(1),
    onCancelFailed: ({ id }: { id: string }, error: unknown) =>
      telemetry.logger.warn("a run that nobody waits for could not be cancelled", { run_id: id, cause: String(error) }),
  };
}
