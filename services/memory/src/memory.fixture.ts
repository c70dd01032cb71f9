/** The service in a process of its own, with a caller and something that makes vectors. */
import { join } from "node:path";
import { defineSettings } from "@agentmesh/config";
import { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { defineModule, type ModuleHost, startProcess } from "@agentmesh/modules";
import { bind, callOptionsOf } from "@agentmesh/rpc";
import { memoryModule } from "./module.ts";

/** Counts words in 64 places: texts that share words are near. */
function wordCounts(text: string): number[] {
  const counts = new Array<number>(64).fill(0);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    let hash = 7;
    for (const letter of word) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 64;
    counts[hash] = (counts[hash] ?? 0) + 1;
  }
  return counts;
}

function unimplemented(): never {
  throw new Error("memory asks for vectors only");
}

/** Answers Embed and tells who asked for what. */
export function vectorModule(asked: string[]) {
  return defineModule({
    name: "llm-router",
    settings: defineSettings("llm-router", {}),
    dependsOn: [],
    services: [LlmRouterService],
    async create() {
      const implementation = {
        embed: ({ model, inputs }: { model: string; inputs: readonly string[] }) => {
          asked.push(...inputs);
          return { model, embeddings: inputs.map((text) => ({ values: wordCounts(text) })) };
        },
        generate: unimplemented,
        streamGenerate: unimplemented,
        listModels: unimplemented,
      };
      return { bindings: [bind(LlmRouterService, implementation)], async stop() {} };
    },
  });
}

function callerModule(hosts: ModuleHost[]) {
  return defineModule({
    name: "gateway",
    settings: defineSettings("gateway", {}),
    dependsOn: ["memory"],
    services: [],
    signsPrincipals: true,
    async create(host) {
      hosts.push(host);
      return { bindings: [], async stop() {} };
    },
  });
}

export interface StartOptions {
  readonly transport: string;
  /** The data folder is made below it. */
  readonly folder: string;
  readonly clock?: () => number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts it. */
export async function startMemory({ transport, folder, clock, environment = {} }: StartOptions) {
  const hosts: ModuleHost[] = [];
  const asked: string[] = [];
  const lines: string[] = [];
  const running = await startProcess({
    name: "test",
    modules: [memoryModule, vectorModule(asked), callerModule(hosts)],
    environment: {
      AGENTMESH_DATA_DIR: join(folder, "data"),
      AGENTMESH_METRICS_PORT: "0",
      AGENTMESH_MEMORY_GRPC_PORT: "0",
      AGENTMESH_LLM_ROUTER_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_HTTP_PORT: "0",
      AGENTMESH_TRANSPORT: transport,
      ...environment,
    },
    logDestination: { write: (line) => lines.push(line) },
    verify: true,
    ...(clock === undefined ? {} : { clock }),
  });
  const [host] = hosts;
  if (host?.signer === undefined) throw new Error("the caller has no signer");
  const { signer } = host;
  const as = (user: string, tenant = "acme") => {
    const credential = signer.credential({ tenant, user, keyId: "k1", roles: [], scopes: ["*"] });
    return callOptionsOf({ signal: new AbortController().signal, deadline: undefined, credential, span: undefined });
  };
  return { running, memory: host.client(MemoryService), as, asked, lines };
}
