/**
 * A Connect client with the generated contracts: typed requests, typed events, over plain HTTP.
 * Run with: node examples/clients/connect.ts
 */
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { fail, httpUrl, readKey } from "./mesh.ts";

async function main(): Promise<void> {
  const key = readKey();
  const withKey: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createConnectTransport({ baseUrl: httpUrl, httpVersion: "1.1", interceptors: [withKey] });
  const agents = createClient(AgentService, transport);

  for (const { id, description } of (await agents.listAgents({})).agents) console.log(`${id}: ${description}`);

  const run = { agentId: "assistant", input: "What is 17 * 23?" };
  for await (const { event } of agents.streamRun({ run })) {
    if (event?.event.case === "toolCalled")
      console.log(`tool ${event.event.value.call?.name}: ${event.event.value.content}`);
    if (event?.event.case === "succeeded") {
      for (const { content } of event.event.value.output?.parts ?? []) console.log(`answer: ${content.value}`);
    }
    if (event?.event.case === "failed") throw new Error(event.event.value.error?.message);
  }

  const { total } = await createClient(UsageService, transport).getUsage({});
  console.log(`spent this month: ${Number(total?.amount?.nanoUsd ?? 0n) / 1e9} USD in ${total?.charges ?? 0n} charges`);
}

await main().catch(fail);
