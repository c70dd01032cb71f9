/** The process that is killed again and again: the whole mesh on one data folder. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { KeyService } from "@agentmesh/contracts/gateway/v1/key_service";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { createGrpcTransport } from "@agentmesh/rpc";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { serviceOptions } from "../../../scripts/node-options.mjs";

const entry = fileURLToPath(new URL("../../../services/all-in-one/src/main.ts", import.meta.url));
const agents = fileURLToPath(new URL("../../agents", import.meta.url));

/** Clients of one living process. */
export interface Doors {
  readonly agents: Client<typeof AgentService>;
  readonly usage: Client<typeof UsageService>;
  readonly keys: Client<typeof KeyService>;
}

/** Free ports of the loopback interface, found by taking and leaving them. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One mesh, restarted on the same data and the same ports. */
export class Victim {
  readonly #dataDirectory: string;
  readonly #ports: readonly number[];
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  readonly #opened: { close(): Promise<void> }[] = [];
  #output = "";

  private constructor(dataDirectory: string, ports: readonly number[], environment: Readonly<Record<string, string>>) {
    this.#dataDirectory = dataDirectory;
    this.#ports = ports;
    this.#environment = environment;
  }

  static async prepare(dataDirectory: string, environment: Readonly<Record<string, string>>): Promise<Victim> {
    return new Victim(dataDirectory, await freePorts(3), environment);
  }

  get adminKey(): string {
    return readFileSync(join(this.#dataDirectory, "admin-key"), "utf8").trim();
  }

  /** What the process wrote last, for a person who looks for a cause. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process and waits until it answers; milliseconds it took. */
  async start(): Promise<number> {
    const started = performance.now();
    const [grpc, http, metrics] = this.#ports;
    const child = spawn(process.execPath, [...serviceOptions, entry], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        AGENTMESH_DATA_DIR: this.#dataDirectory,
        AGENTMESH_GATEWAY_GRPC_PORT: String(grpc),
        AGENTMESH_GATEWAY_HTTP_PORT: String(http),
        AGENTMESH_METRICS_PORT: String(metrics),
        AGENTMESH_ORCHESTRATOR_AGENTS: agents,
        AGENTMESH_LOG_LEVEL: "warn",
        ...this.#environment,
      },
    });
    this.#child = child;
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-8_000);
    };
    child.stdout?.resume();
    child.stderr?.on("data", keep);
    await this.#waitUntilReady(child);
    return performance.now() - started;
  }

  /** Clients with this key. */
  doors(key: string): Doors {
    const authorize: Interceptor = (next) => (request) => {
      request.header.set("authorization", `Bearer ${key}`);
      return next(request);
    };
    const transport = createGrpcTransport({ address: `127.0.0.1:${this.#ports[0]}`, interceptors: [authorize] });
    this.#opened.push(transport);
    return {
      agents: createClient(AgentService, transport),
      usage: createClient(UsageService, transport),
      keys: createClient(KeyService, transport),
    };
  }

  /** kill -9, and waits until the process is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM, and waits until the process is gone. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    await Promise.all(this.#opened.map((transport) => transport.close()));
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async #waitUntilReady(child: ChildProcess): Promise<void> {
    const url = `http://127.0.0.1:${this.#ports[1]}/v1/models`;
    const giveUp = Date.now() + 60_000;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the mesh ended with ${child.exitCode}:\n${this.#output}`);
      const answered = await fetch(url).then(
        async (response) => {
          await response.arrayBuffer();
          return true;
        },
        () => false,
      );
      if (answered) return;
      if (Date.now() > giveUp) throw new Error(`the mesh is not ready after 60 s:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
