import { costModule } from "@agentmesh/cost";
import { gatewayModule } from "@agentmesh/gateway";
import { guardrailModule } from "@agentmesh/guardrail";
import { llmRouterModule } from "@agentmesh/llm-router";
import { memoryModule } from "@agentmesh/memory";
import type { Module } from "@agentmesh/modules";
import { orchestratorModule } from "@agentmesh/orchestrator";
import { toolRegistryModule } from "@agentmesh/tool-registry";

/** Every service of the mesh. */
export const allModules: readonly Module[] = [
  gatewayModule,
  guardrailModule,
  orchestratorModule,
  llmRouterModule,
  memoryModule,
  toolRegistryModule,
  costModule,
];
