import { ToolRegistryService } from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { bind, createDirectTransport } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { createClient } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { RegistryTools } from "./tools.ts";

function scopeWith(signal: AbortSignal): CallScope {
  return { signal, deadline: undefined, credential: undefined, span: undefined };
}

it("a run that is cancelled while it asks for the tools does not take the answer away from those that wait with it", async () => {
  const answering = Promise.withResolvers<void>();
  let asked = 0;
  const binding = bind(ToolRegistryService, {
    async listTools() {
      asked += 1;
      await answering.promise;
      return { tools: [{ definition: { name: "clock" } }] };
    },
    executeTool: () => ({}),
  });
  const client = createClient(ToolRegistryService, createDirectTransport({ bindings: () => [binding] }));
  const tools = new RegistryTools(client, { clock: () => 0, cacheMs: 1_000 });
  const leaving = new AbortController();
  const first = tools.list(scopeWith(leaving.signal), ["clock"]);
  const second = tools.list(scopeWith(new AbortController().signal), ["clock"]);
  leaving.abort(new Error("stopped"));
  await expect(first).rejects.toThrow("stopped");
  answering.resolve();
  expect(await second).toMatchObject([{ name: "clock" }]);
  expect(asked).toBe(1);
});
