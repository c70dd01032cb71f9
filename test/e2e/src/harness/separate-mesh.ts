/** The seven services as seven processes that find each other by address. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** Its services, those first that others call. */
export const serviceNames = [
  "cost",
  "guardrail",
  "llm-router",
  "memory",
  "tool-registry",
  "orchestrator",
  "gateway",
] as const;

/** One of them. */
export type ServiceName = (typeof serviceNames)[number];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

function variable(name: ServiceName, suffix: string): string {
  return `AGENTMESH_${name.toUpperCase().replaceAll("-", "_")}_${suffix}`;
}

/** The processes of one mesh. */
export class SeparateMesh {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #children = new Map<ServiceName, ChildProcess>();
  readonly grpcAddress: string;
  /** What all of them wrote. */
  output = "";

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
    this.grpcAddress = environment[variable("gateway", "ADDRESS")] ?? "";
  }

  /** Starts all of them on free ports. @param settings what they have in common besides */
  static async start(settings: Readonly<Record<string, string>>): Promise<SeparateMesh> {
    const environment: Record<string, string> = { ...settings, AGENTMESH_METRICS_PORT: "0" };
    for (const name of serviceNames) {
      const port = await freePort();
      environment[variable(name, "GRPC_PORT")] = String(port);
      environment[variable(name, "ADDRESS")] = `127.0.0.1:${port}`;
    }
    environment.AGENTMESH_GATEWAY_HTTP_PORT = String(await freePort());
    const mesh = new SeparateMesh(environment);
    // The first to start makes the keys that all others verify with.
    await mesh.start("gateway");
    await Promise.all(serviceNames.filter((name) => name !== "gateway").map((name) => mesh.start(name)));
    return mesh;
  }

  /** Starts one of them and waits until it is ready. */
  async start(name: ServiceName): Promise<void> {
    let output = "";
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", `services/${name}/src/main.ts`], {
      cwd: repository,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        NODE_COMPILE_CACHE: join(repository, ".cache", "compile"),
        ...this.#environment,
      },
    });
    this.#children.set(name, child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        this.output += chunk.toString();
      });
    }
    await eventually(() => child.exitCode !== null || output.includes('"message":"ready"'), Boolean, 30_000);
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${output}`);
  }

  /** kill -9 for one of them. */
  async kill(name: ServiceName): Promise<void> {
    await this.#end(name, "SIGKILL");
  }

  /** Tells all to stop, callers first. @returns their exit codes */
  async stop(): Promise<(number | null)[]> {
    const codes: (number | null)[] = [];
    for (const name of serviceNames.toReversed()) codes.push(await this.#end(name, "SIGTERM"));
    return codes;
  }

  async #end(name: ServiceName, signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#children.get(name);
    if (child === undefined) return null;
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.exitCode;
  }
}
