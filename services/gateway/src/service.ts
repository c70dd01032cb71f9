import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { KeyService } from "@agentmesh/contracts/gateway/v1/key_service";
import { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import { SessionService } from "@agentmesh/contracts/gateway/v1/session_service";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { OrchestratorService } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import type { Run } from "@agentmesh/contracts/orchestrator/v1/run";
import { bind, type ServiceBinding } from "@agentmesh/rpc";
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { KeyManager } from "./domain/keys/key-manager.ts";
import { AgentRuns } from "./service/agent-runs.ts";
import { agentService } from "./service/agent-service.ts";
import { keyService } from "./service/key-service.ts";
import { modelService } from "./service/model-service.ts";
import { sessionService } from "./service/session-service.ts";
import { usageService } from "./service/usage-service.ts";

/** What the gateway serves. */
export const services = [AgentService, ModelService, SessionService, UsageService, KeyService] as const;

/** What the services need. */
export interface GatewayServicesOptions {
  /** Clients of the owners. */
  readonly client: <S extends DescService>(service: S) => Client<S>;
  readonly keys: KeyManager;
  readonly onAbandoned: (run: Run) => void;
  readonly onCancelFailed: (run: Run, error: unknown) => void;
}

/** Binds the public services to the owners' RPCs and to the gateway's own keys. */
export function gatewayBindings(options: GatewayServicesOptions): readonly ServiceBinding[] {
  const { client, keys, onAbandoned, onCancelFailed } = options;
  const orchestrator = client(OrchestratorService);
  const runs = new AgentRuns({ orchestrator, onAbandoned, onCancelFailed });
  const models = { router: client(LlmRouterService), guardrail: client(GuardrailService), orchestrator };
  return [
    bind(AgentService, agentService({ orchestrator, runs })),
    bind(ModelService, modelService(models)),
    bind(SessionService, sessionService(client(MemoryService))),
    bind(UsageService, usageService(client(CostService))),
    bind(KeyService, keyService(keys)),
  ];
}
