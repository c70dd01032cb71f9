import type { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import type { GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import type { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import type { Generation, Prompt } from "@agentmesh/contracts/llm_router/v1/model";
import type { OrchestratorService } from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import { callOptionsOf, scopeOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Client, ServiceImpl } from "@connectrpc/connect";
import { grants } from "../domain/keys/api-key.ts";
import { errors } from "../errors.ts";
import { guardedStream } from "./guarded-stream.ts";
import { optional } from "./optional.ts";
import { TextGuard } from "./text-guard.ts";

/** What the service needs. */
export interface ModelServiceOptions {
  readonly router: Client<typeof LlmRouterService>;
  readonly guardrail: Client<typeof GuardrailService>;
  readonly orchestrator: Client<typeof OrchestratorService>;
}

/** ModelService: the router behind the guardrail. */
export function modelService({
  router,
  guardrail,
  orchestrator,
}: ModelServiceOptions): ServiceImpl<typeof ModelService> {
  const guard = new TextGuard(guardrail);
  return {
    async generate({ prompt }, context) {
      const scope = scopeOf(context);
      const checked = await guard.input(given(prompt), scope);
      const { generation } = await router.generate({ prompt: checked }, callOptionsOf(scope));
      return { generation: await guard.output(answered(generation), scope, checked) };
    },
    async *streamGenerate({ prompt }, context) {
      const scope = scopeOf(context);
      const checked = await guard.input(given(prompt), scope);
      for await (const event of guardedStream(checked, { router, guardrail, guard, scope })) yield { event };
    },
    async embed({ model, inputs }, context) {
      const answer = await router.embed({ model, inputs }, callOptionsOf(scopeOf(context)));
      const { embeddings, model: answering } = answer;
      return { embeddings, model: answering, ...optional(answer, "usage"), ...optional(answer, "cost") };
    },
    async listModels(_request, context) {
      const scope = scopeOf(context);
      const options = callOptionsOf(scope);
      const [{ models }, agents] = await Promise.all([router.listModels({}, options), agentsFor(scope, orchestrator)]);
      return { models, agents };
    },
  };
}

async function agentsFor(scope: CallScope, orchestrator: Client<typeof OrchestratorService>): Promise<string[]> {
  if (!grants(scope.credential?.principal.scopes ?? [], "agents:read")) return [];
  const { agents } = await orchestrator.listAgents({}, callOptionsOf(scope));
  return agents.map(({ id }) => id);
}

function given(prompt: Prompt | undefined): Prompt {
  if (prompt !== undefined) return prompt;
  throw errors.INVALID_REQUEST({
    message: "prompt must be set",
    fields: [{ field: "prompt", description: "must be set" }],
  });
}

function answered(generation: Generation | undefined): Generation {
  if (generation === undefined) throw new TypeError("the router answered without a generation");
  return generation;
}
