import { CallAttributionSchema, type LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { type Prompt, PromptSchema, ToolChoice } from "@agentmesh/contracts/llm_router/v1/model";
import { type ToolDefinition, ToolDefinitionSchema } from "@agentmesh/contracts/type/v1/types";
import { callOptionsOf, withStream } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { create, type JsonObject } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { ModelAnswer } from "../../domain/events.ts";
import {
  type Attribution,
  DependencyError,
  type ModelRequest,
  type Models,
  type ToolInfo,
} from "../../domain/ports.ts";
import { answered } from "./dependency-error.ts";
import { domainAnswer } from "./generation-codec.ts";
import { contractMessage, contractMoney } from "./message-codec.ts";

/** Models by way of llm-router. */
export class RouterModels implements Models {
  readonly #router: Client<typeof LlmRouterService>;

  constructor(router: Client<typeof LlmRouterService>) {
    this.#router = router;
  }

  async generate(scope: CallScope, request: ModelRequest): Promise<ModelAnswer> {
    const { generation } = await answered(this.#router.generate(routed(request), callOptionsOf(scope)));
    if (generation === undefined) throw brokenAnswer();
    return domainAnswer(generation);
  }

  stream(scope: CallScope, request: ModelRequest, onText: (text: string) => void): Promise<ModelAnswer> {
    const read = withStream(scope, async (options) => {
      for await (const { event } of this.#router.streamGenerate(routed(request), options)) {
        if (event?.event.case === "textDelta") onText(event.event.value);
        if (event?.event.case === "completed") return domainAnswer(event.event.value);
      }
      throw brokenAnswer();
    });
    return answered(read);
  }
}

function routed(request: ModelRequest) {
  return { prompt: promptOf(request), attribution: attributionOf(request.attribution) };
}

function promptOf(request: ModelRequest): Prompt {
  return create(PromptSchema, {
    model: request.model,
    messages: request.messages.map(contractMessage),
    tools: request.tools.map(definitionOf),
    toolChoice: request.toolChoice === "none" ? ToolChoice.NONE : ToolChoice.AUTO,
    temperature: request.temperature,
    ...(request.maxOutputTokens === undefined ? {} : { maxOutputTokens: request.maxOutputTokens }),
  });
}

const definitions = new WeakMap<ToolInfo, ToolDefinition>();

function definitionOf(tool: ToolInfo): ToolDefinition {
  const known = definitions.get(tool);
  if (known !== undefined) return known;
  const { name, description } = tool;
  const made = create(ToolDefinitionSchema, { name, description, parameters: tool.parameters as JsonObject });
  definitions.set(tool, made);
  return made;
}

function attributionOf({ agentId, runId, stepKey, runLimitNanoUsd }: Attribution) {
  return create(CallAttributionSchema, {
    agentId,
    runId,
    stepKey,
    ...(runLimitNanoUsd === undefined ? {} : { runLimit: contractMoney(runLimitNanoUsd) }),
  });
}

function brokenAnswer(): DependencyError {
  return new DependencyError("The model's answer was not complete.", {
    reason: "STREAM_INTERRUPTED",
    retryable: true,
    metadata: {},
  });
}
