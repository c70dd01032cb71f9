import type { Tool, ToolRegistryService } from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { ToolExecution, ToolInfo, ToolResult, Tools } from "../../domain/ports.ts";
import { answered } from "./dependency-error.ts";
import { domainMoney } from "./message-codec.ts";

const listTimeoutMs = 10_000;
const never = new AbortController().signal;

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
    return unlessAborted(scope.signal, this.#remembered(scope, names));
  }

  #remembered(scope: CallScope, names: readonly string[]): Promise<readonly ToolInfo[]> {
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

  // Other runs wait for the same answer: it must not end with the run that asked first.
  async #ask({ credential, span }: CallScope, names: readonly string[]): Promise<readonly ToolInfo[]> {
    const shared = { signal: never, deadline: undefined, credential, span };
    const options = callOptionsOf(shared, { timeoutMs: listTimeoutMs });
    const { tools } = await answered(this.#registry.listTools({ names: [...names] }, options));
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

function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
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
