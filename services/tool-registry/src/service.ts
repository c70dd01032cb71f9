import {
  type ExecuteToolRequest,
  ExecuteToolResponseSchema,
  type ListToolsRequest,
  ListToolsResponseSchema,
  type Tool as ToolMessage,
  type ToolRegistryService,
  ToolSchema,
} from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { scopeOf } from "@agentmesh/rpc";
import { create, type JsonObject } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Catalogue, CataloguedTool } from "./domain/catalogue.ts";
import type { ToolExecutor } from "./domain/tool-executor.ts";
import { errors } from "./errors.ts";

const mostNames = 256;

/** The RPCs of tool-registry over its domain. */
export function toolRegistryService(
  catalogue: Catalogue,
  executor: ToolExecutor,
): ServiceImpl<typeof ToolRegistryService> {
  const messages = new Map<CataloguedTool, ToolMessage>();
  const messageOf = (tool: CataloguedTool): ToolMessage => {
    let message = messages.get(tool);
    if (message === undefined) {
      message = toolMessage(tool);
      messages.set(tool, message);
    }
    return message;
  };
  return {
    listTools({ names }: ListToolsRequest) {
      if (names.length > mostNames) throw invalid("names", `must hold at most ${mostNames} names`);
      return create(ListToolsResponseSchema, { tools: catalogue.list(names).map(messageOf) });
    },
    async executeTool(request: ExecuteToolRequest, context) {
      bounded("run_id", request.runId, 64);
      bounded("step_key", request.stepKey, 256);
      const { result, replayed } = await executor.execute(request, scopeOf(context));
      const { content, error } = result;
      const response = {
        content: content.toWellFormed(),
        isError: error !== undefined,
        errorReason: error ?? "",
        replayed,
      };
      return create(ExecuteToolResponseSchema, response);
    },
  };
}

function toolMessage({ tool, price }: CataloguedTool): ToolMessage {
  const { name, description, parameters, settings, idempotent, requiredScope, timeoutMs } = tool;
  return create(ToolSchema, {
    definition: { name, description, parameters: parameters as JsonObject },
    idempotent,
    requiredScope,
    price: { nanoUsd: BigInt(price) },
    timeoutMs,
    ...(settings === undefined ? {} : { settingsSchema: settings as JsonObject }),
  });
}

function bounded(field: string, text: string, most: number): void {
  if (text.length === 0 || text.length > most) throw invalid(field, `must have 1 to ${most} characters`);
  // Records are found by tenant, run and step; the separator must not be part of them.
  if (text.includes("\0")) throw invalid(field, "must not contain NUL characters");
}

function invalid(field: string, description: string) {
  return errors.INVALID_REQUEST({
    message: `${field} ${description}.`,
    metadata: { field },
    fields: [{ field, description }],
  });
}
