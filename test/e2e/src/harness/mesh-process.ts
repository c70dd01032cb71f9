/** The mesh as an operating system sees it: a process that can be told to stop, killed, and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";
import type { Clients } from "./person.ts";
import { clientsAt } from "./test-mesh.ts";

const entry = fileURLToPath(new URL("../../../../services/all-in-one/src/main.ts", import.meta.url));
const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** How to start one. */
export interface MeshProcessOptions {
  readonly dataDirectory: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A command that runs Node with what follows it; Node itself when not given. */
  readonly wrapper?: readonly string[];
}

/** A process that was started. */
export class MeshProcess {
  readonly #child: ChildProcess;
  readonly #dataDirectory: string;
  readonly #open: { close(): Promise<void> }[] = [];
  output = "";

  constructor({ dataDirectory, environment = {}, wrapper = [] }: MeshProcessOptions) {
    this.#dataDirectory = dataDirectory;
    const [command = "", ...args] = [...wrapper, process.execPath, "--disable-warning=ExperimentalWarning", entry];
    this.#child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_COMPILE_CACHE: join(repository, ".cache", "compile"),
        AGENTMESH_DATA_DIR: dataDirectory,
        AGENTMESH_GATEWAY_GRPC_PORT: "0",
        AGENTMESH_GATEWAY_HTTP_PORT: "0",
        AGENTMESH_METRICS_PORT: "0",
        ...environment,
      },
    });
    const keep = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get adminKey(): string {
    return readFileSync(join(this.#dataDirectory, "admin-key"), "utf8").trim();
  }

  /** Waits until it says that it is ready. */
  async ready(): Promise<this> {
    const ended = () => this.#child.exitCode !== null || this.#child.signalCode !== null;
    await eventually(() => ended() || this.output.includes("agentmesh is ready"), Boolean, 30_000);
    if (ended()) throw new Error(`the mesh ended with ${this.#child.exitCode}:\n${this.output}`);
    return this;
  }

  /** Its gRPC port, from what it told. */
  get grpcAddress(): string {
    return /gRPC\s+(\S+:\d+)/.exec(this.output)?.[1] ?? "";
  }

  /** Clients with a key; the administrator's when none is given. */
  as(secret = this.adminKey): Clients {
    const clients = clientsAt(this.grpcAddress);
    this.#open.push(clients);
    return clients.as(secret);
  }

  /** Sends a signal and waits until the process has ended. @returns its exit code */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended();
  }

  /** Waits until the process has ended by itself. @returns its exit code */
  async ended(): Promise<number | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) await once(this.#child, "exit");
    await Promise.all(this.#open.splice(0).map((clients) => clients.close()));
    return this.#child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
