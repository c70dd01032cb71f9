import { GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import { defineModule } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { loadPolicies } from "./adapters/yaml/policy-files.ts";
import { settings } from "./config.ts";
import { Guard } from "./domain/guard.ts";
import { guardrailService } from "./service.ts";

/** The guardrail service: no state, no dependencies; policies are read once at the start. */
export const guardrailModule = defineModule({
  name: "guardrail",
  settings,
  dependsOn: [],
  services: [GuardrailService],
  async create(host, config) {
    const folder = config.policyFolder === "none" ? undefined : config.policyFolder;
    const guard = new Guard(await loadPolicies(folder), host.telemetry);
    return { bindings: [bind(GuardrailService, guardrailService(guard))], async stop() {} };
  },
});
