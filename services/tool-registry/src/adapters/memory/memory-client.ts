import type { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { callOptionsOf, errorInfoOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { JsonObject } from "@bufbuild/protobuf";
import { type Client, Code } from "@connectrpc/connect";
import type { MemoryPort, RecalledText, RecallQuery, RememberedText } from "../../domain/memory-port.ts";
import { ToolFailure } from "../../domain/tool-failure.ts";

/** Codes whose message says what the model can do otherwise. */
const correctable: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.ResourceExhausted,
  Code.OutOfRange,
  Code.NotFound,
]);

/** Memory over its RPCs, on behalf of the principal of the tool call. */
export class MemoryClient implements MemoryPort {
  readonly #client: Client<typeof MemoryService>;

  constructor(client: Client<typeof MemoryService>) {
    this.#client = client;
  }

  async recall(
    { collection, query, limit, minScore }: RecallQuery,
    scope: CallScope,
  ): Promise<readonly RecalledText[]> {
    const request = { collection, query, limit, ...(minScore === undefined ? {} : { minScore }) };
    const { results } = await this.#client.recall(request, callOptionsOf(scope)).catch(explain);
    return results.map(({ record, score }) => ({
      id: record?.id ?? "",
      text: record?.text ?? "",
      title: titleOf(record?.metadata),
      score,
    }));
  }

  async remember({ id, collection, text }: RememberedText, scope: CallScope): Promise<void> {
    await this.#client.remember({ id, collection, text }, callOptionsOf(scope)).catch(explain);
  }
}

function titleOf(metadata: JsonObject | undefined): string {
  const title = metadata?.title ?? metadata?.source;
  return typeof title === "string" ? title.slice(0, 200) : "";
}

function explain(error: unknown): never {
  const info = errorInfoOf(error);
  if (info !== undefined && correctable.has(info.code)) throw new ToolFailure(info.message);
  throw error;
}
