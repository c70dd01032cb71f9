import { GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import { defineModule } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { hashKey } from "./adapters/file/hash-key-file.ts";
import { loadPolicies } from "./adapters/yaml/policy-files.ts";
import { watchPolicies } from "./adapters/yaml/watch-policies.ts";
import { settings } from "./config.ts";
import { Guard } from "./domain/guard.ts";
import { guardrailService } from "./service.ts";

/** The guardrail service: no state but the key of its hashes, no dependencies. Policies are read at the start and again when their folder changes. */
export const guardrailModule = defineModule({
  name: "guardrail",
  settings,
  dependsOn: [],
  services: [GuardrailService],
  async create(host, config) {
    const folder = config.policyFolder === "none" ? undefined : config.policyFolder;
    const guard = new Guard(
      await loadPolicies(folder),
      host.telemetry,
      await hashKey(config.hashKey, host.dataDirectory),
    );
    let watcher: { close(): void } | undefined;
    return {
      bindings: [bind(GuardrailService, guardrailService(guard))],
      async start() {
        if (folder !== undefined) watcher = watchPolicies(folder, guard, host.telemetry);
      },
      async stop() {
        watcher?.close();
      },
    };
  },
});
