import {
  createDirectTransport,
  createGrpcServer,
  createHttpEdge,
  type HealthState,
  type InterceptorsFor,
  type ServiceBinding,
} from "@agentmesh/rpc";
import { errors } from "./errors.ts";
import type { LiveModule } from "./live-module.ts";
import type { ModuleName } from "./module.ts";
import { moduleStep } from "./module-error.ts";

/** A port that a module is served on. */
export interface Listener {
  readonly kind: "grpc" | "http";
  readonly module: ModuleName;
  /** "host:port" as bound. */
  readonly address: string;
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Where and how to serve a module. */
export interface ListenOptions {
  readonly live: LiveModule;
  readonly bindings: readonly ServiceBinding[];
  readonly interceptors: InterceptorsFor;
  readonly health: HealthState;
  readonly host: string;
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly maxMessageBytes: number;
}

/** What both kinds of servers have. */
interface Server {
  listen(host: string, port: number): Promise<number>;
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens the module's gRPC port. */
export function openGrpc(options: ListenOptions): Promise<Listener> {
  const { bindings, interceptors, maxMessageBytes, health, grpcPort } = options;
  const server = createGrpcServer({ bindings, interceptors, maxMessageBytes, health, reflection: true });
  return listen({ kind: "grpc", server, options, port: grpcPort });
}

/** Opens the public HTTP port of a module that has an edge. */
export function openHttp(options: ListenOptions): Promise<Listener> {
  const { bindings, interceptors, maxMessageBytes, httpPort } = options;
  const { httpRoutes, httpGuard } = options.live.running?.edge ?? {};
  const transport = createDirectTransport({ bindings: () => bindings, serverInterceptors: interceptors });
  const server = createHttpEdge({
    bindings,
    interceptors,
    maxMessageBytes,
    ...(httpRoutes && { fallback: httpRoutes(transport) }),
    ...(httpGuard && { guard: httpGuard }),
  });
  return listen({ kind: "http", server, options, port: httpPort });
}

async function listen(opening: {
  kind: Listener["kind"];
  server: Server;
  options: ListenOptions;
  port: number;
}): Promise<Listener> {
  const { kind, server, options, port } = opening;
  const { host, live } = options;
  const step = `listen on ${hostPort(host, port)} for ${kind === "grpc" ? "gRPC" : "HTTP"}`;
  const bound = await moduleStep(live.module.name, step, () => listening(server, host, port));
  return {
    kind,
    module: live.module.name,
    address: hostPort(host, bound),
    drain: (graceMs) => server.drain(graceMs),
    close: () => server.close(),
  };
}

/** grpc-js reports a port in use in a text of its own making; both servers' errors get one form. */
async function listening(server: Server, host: string, port: number): Promise<number> {
  try {
    return await server.listen(host, port);
  } catch (error) {
    if (!String(error).includes("EADDRINUSE")) throw error;
    throw errors.PORT_IN_USE({ cause: error });
  }
}

function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
