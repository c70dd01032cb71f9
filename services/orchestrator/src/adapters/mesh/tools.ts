import type { Tool, ToolRegistryService } from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { ToolExecution, ToolInfo, ToolResult, Tools } from "../../domain/ports.ts";
import { answered } from "./dependency-error.ts";
import { domainMoney } from "./message-codec.ts";

interface Listed {
  readonly tools: Promise<readonly ToolInfo[]>;
  readonly until: number;
}

/** Tools by way of tool-registry. What it says about them is remembered for a while. */
export class RegistryTools implements Tools {
  readonly #registry: Client<typeof ToolRegistryService>;
  readonly #clock: () => number;
  readonly #cacheMs: number;
  readonly #listed = new Map<string, Listed>();

  constructor(
    registry: Client<typeof ToolRegistryService>,
    { clock, cacheMs }: { clock: () => number; cacheMs: number },
  ) {
    this.#registry = registry;
    this.#clock = clock;
    this.#cacheMs = cacheMs;
  }

  list(scope: CallScope, names: readonly string[]): Promise<readonly ToolInfo[]> {
    const key = names.join(" ");
    const known = this.#listed.get(key);
    if (known !== undefined && known.until > this.#clock()) return known.tools;
    const tools = this.#ask(scope, names);
    const listed = { tools, until: this.#clock() + this.#cacheMs };
    this.#listed.set(key, listed);
    tools.catch(() => {
      if (this.#listed.get(key) === listed) this.#listed.delete(key);
    });
    return tools;
  }

  async #ask(scope: CallScope, names: readonly string[]): Promise<readonly ToolInfo[]> {
    const { tools } = await answered(this.#registry.listTools({ names: [...names] }, callOptionsOf(scope)));
    const known = new Map(tools.map((tool) => [tool.definition?.name ?? "", infoOf(tool)]));
    return names.flatMap((name) => known.get(name) ?? []);
  }

  async execute(scope: CallScope, execution: ToolExecution): Promise<ToolResult> {
    const { settings, ...request } = execution;
    const { content, isError, errorReason } = await answered(
      this.#registry.executeTool(
        settings === undefined ? request : { ...request, settings: settings as JsonObject },
        callOptionsOf(scope),
      ),
    );
    return { content, isError, errorReason };
  }
}

function infoOf({ definition, requiredScope, price }: Tool): ToolInfo {
  return {
    name: definition?.name ?? "",
    description: definition?.description ?? "",
    parameters: definition?.parameters ?? {},
    requiredScope,
    priceNanoUsd: domainMoney(price),
  };
}
