/** The three processes of the bench: the simulator behind everything, the yardstick, the mesh. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { request } from "undici";
import { serviceOptions } from "../../../scripts/node-options.mjs";
import { type MeasuredProcess, startProcess } from "./measured-process.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

const answers = (url: string) => async () => {
  const { body } = await request(url);
  await body.dump();
};

/** The OpenAI-shaped server that answers every model call. */
export async function startSimulator(): Promise<{ process: MeasuredProcess; url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/v1`;
  const entry = "../../../packages/llm-simulator/src/main.ts";
  const process = await startProcess({
    name: "simulator",
    entry,
    args: ["--port", String(port)],
    ready: answers(`${url}/models`),
  });
  return { process, url };
}

/** Node's http and undici with nothing in between. */
export async function startProxy(target: string): Promise<{ process: MeasuredProcess; url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const entry = "./bare-proxy.ts";
  const process = await startProcess({ name: "bare proxy", entry, args: [String(port), target], ready: answers(url) });
  return { process, url };
}

/** What startMesh gives. */
export interface StartedMesh {
  readonly process: MeasuredProcess;
  readonly url: string;
  readonly key: string;
  /** From spawn until the first answered request, in milliseconds. */
  readonly readyMs: number;
}

/** The whole mesh in one process with everything on; limits high enough not to be what is measured. */
export async function startMesh(options: {
  dataDirectory: string;
  simulatorUrl: string;
  /** Further variables. */
  environment?: Readonly<Record<string, string>>;
}): Promise<StartedMesh> {
  const [grpcPort, httpPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const url = `http://127.0.0.1:${httpPort}`;
  const keyFile = join(options.dataDirectory, "admin-key");
  const started = performance.now();
  const process = await startProcess({
    name: "mesh",
    entry: "../../../services/all-in-one/src/main.ts",
    nodeOptions: serviceOptions,
    environment: {
      AGENTMESH_DATA_DIR: options.dataDirectory,
      AGENTMESH_GATEWAY_GRPC_PORT: String(grpcPort),
      AGENTMESH_GATEWAY_HTTP_PORT: String(httpPort),
      AGENTMESH_METRICS_PORT: String(metricsPort),
      AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
      AGENTMESH_GATEWAY_BURST: "100000",
      AGENTMESH_LLM_ROUTER_PROVIDER_URL: options.simulatorUrl,
      AGENTMESH_ORCHESTRATOR_AGENTS: here("../../agents"),
      AGENTMESH_TOOL_REGISTRY_PRICES: "calculator=0.000001",
      AGENTMESH_COST_REQUEST_LIMIT_USD: "1000",
      AGENTMESH_COST_KEY_MONTH_LIMIT_USD: "1000000",
      AGENTMESH_COST_USER_DAY_LIMIT_USD: "1000000",
      AGENTMESH_COST_TENANT_MONTH_LIMIT_USD: "1000000",
      AGENTMESH_COST_GLOBAL_DAY_LIMIT_USD: "1000000",
      ...options.environment,
    },
    ready: async () => {
      await answers(`${url}/v1/models`)();
      if (!existsSync(keyFile)) throw new Error("no admin key yet");
    },
  });
  return { process, url, key: readFileSync(keyFile, "utf8").trim(), readyMs: performance.now() - started };
}
