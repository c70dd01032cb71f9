import { join, relative } from "node:path";
import type { RunningProcess } from "@agentmesh/modules";

/** What a person reads when the mesh is ready: where it is, and three commands to paste. */
export function readyText(
  running: Pick<RunningProcess, "addresses" | "dataDirectory">,
  folder = process.cwd(),
): string {
  const { grpc, http, metrics } = running.addresses;
  const key = `$(cat ${shown(join(running.dataDirectory, "admin-key"), folder)})`;
  return `
agentmesh is ready.
  gRPC     ${grpc.gateway}
  HTTP     http://${http}   (Connect, gRPC-Web, JSON; OpenAI-compatible under /v1)
  metrics  http://${metrics}/metrics
  data     ${shown(running.dataDirectory, folder)}

Ask an agent and watch its run, ask it through the OpenAI-compatible door, or through the official SDK:

${grpcurl(grpc.gateway ?? "", key)}

${curl(http ?? "", key)}

${sdk(http ?? "", key)}

`;
}

function grpcurl(address: string, key: string): string {
  return `grpcurl -plaintext -H "authorization: Bearer ${key}" \\
  -d '{"run": {"agent_id": "assistant", "input": "What is 17 * 23?"}}' \\
  ${address} agentmesh.gateway.v1.AgentService/StreamRun`;
}

function curl(address: string, key: string): string {
  return `curl -sN http://${address}/v1/chat/completions -H "authorization: Bearer ${key}" \\
  -H "content-type: application/json" \\
  -d '{"model": "agent/assistant", "messages": [{"role": "user", "content": "What is 17 * 23?"}]}'`;
}

function sdk(address: string, key: string): string {
  return `OPENAI_BASE_URL=http://${address}/v1 OPENAI_API_KEY="${key}" node --input-type=module -e '
  import OpenAI from "openai";
  const messages = [{ role: "user", content: "What is 17 * 23?" }];
  const answer = await new OpenAI().chat.completions.create({ model: "agent/assistant", messages });
  console.log(answer.choices[0].message.content);'`;
}

/** A path as one types it in the folder, unless it lies elsewhere. */
function shown(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith("..") ? path : short;
}
