import { createTelemetry, type Telemetry } from "@agentmesh/telemetry";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { ServiceBinding } from "../src/binding.ts";
import { createDirectTransport } from "../src/direct/transport.ts";
import { createHttpEdge } from "../src/edge/http-edge.ts";
import { createGrpcServer } from "../src/grpc/server.ts";
import { createGrpcTransport } from "../src/grpc/transport.ts";
import type { ConcurrencyLimiter } from "../src/interceptors/concurrency-limiter.ts";
import { DependencyTracker } from "../src/interceptors/dependency-tracker.ts";
import { clientInterceptors, serverInterceptors } from "../src/interceptors/index.ts";
import type { DeadlinePolicy } from "../src/interceptors/server-deadline.ts";
import { createPrincipalSigner, generatePrincipalKeys, type PrincipalSigner } from "../src/principal/signer.ts";
import { createPrincipalVerifier, tokenAuthenticator } from "../src/principal/verifier.ts";
import { conformanceBinding, Observations } from "./conformance-service.ts";
import { ConformanceService } from "./gen/agentmesh/conformance/v1/conformance_pb.ts";

export const MAX_MESSAGE_BYTES = 256 * 1024;

/** A way to reach a service. */
export interface Topology {
  readonly name: string;
  /** HTTP/1.1 cannot stream both ways. */
  readonly streamsRequests: boolean;
  /** Whether messages cross a wire, so that sizes are limited. */
  readonly wire: boolean;
  /** Connect's own HTTP clients, which reject a promise that only a reader of the stream can handle. */
  readonly foreignClient?: boolean;
  connect(wiring: Wiring): Promise<Connection>;
}

interface Connection {
  readonly transport: Transport;
  close(): Promise<void>;
}

interface Wiring {
  readonly bindings: readonly ServiceBinding[];
  readonly server: ReturnType<typeof serverInterceptors>;
  readonly client: (overWire: boolean) => ReturnType<typeof clientInterceptors>;
}

const direct =
  (verify: boolean): Topology["connect"] =>
  async ({ bindings, server, client }) => ({
    transport: createDirectTransport({
      bindings: () => bindings,
      serverInterceptors: server,
      clientInterceptors: client(false),
      verify,
    }),
    close: async () => {},
  });

const overGrpc: Topology["connect"] = async ({ bindings, server, client }) => {
  const host = createGrpcServer({ bindings, interceptors: server, maxMessageBytes: MAX_MESSAGE_BYTES });
  const port = await host.listen();
  const transport = createGrpcTransport({
    address: `127.0.0.1:${port}`,
    interceptors: client(true),
    maxMessageBytes: MAX_MESSAGE_BYTES,
  });
  const close = async () => {
    await transport.close();
    await host.close();
  };
  return { transport, close };
};

const overEdge = (
  makeTransport: typeof createConnectTransport | typeof createGrpcWebTransport,
  useBinaryFormat: boolean,
): Topology["connect"] => {
  return async ({ bindings, server, client }) => {
    const edge = createHttpEdge({ bindings, interceptors: server, maxMessageBytes: MAX_MESSAGE_BYTES });
    const baseUrl = `http://127.0.0.1:${await edge.listen()}`;
    const limits = { readMaxBytes: MAX_MESSAGE_BYTES, writeMaxBytes: 10 * MAX_MESSAGE_BYTES };
    const transport = makeTransport({
      baseUrl,
      httpVersion: "1.1",
      interceptors: client(true),
      useBinaryFormat,
      ...limits,
    });
    return { transport, close: () => edge.close() };
  };
};

export const topologies: readonly Topology[] = [
  { name: "in process", streamsRequests: true, wire: false, connect: direct(false) },
  { name: "in process, verified", streamsRequests: true, wire: false, connect: direct(true) },
  { name: "gRPC", streamsRequests: true, wire: true, connect: overGrpc },
  {
    name: "Connect over the edge",
    streamsRequests: false,
    wire: true,
    foreignClient: true,
    connect: overEdge(createConnectTransport, true),
  },
  {
    name: "Connect with JSON over the edge",
    streamsRequests: false,
    wire: true,
    foreignClient: true,
    connect: overEdge(createConnectTransport, false),
  },
  {
    name: "gRPC-Web over the edge",
    streamsRequests: false,
    wire: true,
    foreignClient: true,
    connect: overEdge(createGrpcWebTransport, true),
  },
];

/** The conformance service, reachable, with the whole chains of interceptors. */
export interface World {
  readonly client: Client<typeof ConformanceService>;
  readonly transport: Transport;
  readonly seen: Observations;
  readonly signer: PrincipalSigner;
  readonly dependency: DependencyTracker;
  readonly telemetry: Telemetry;
  /** Log lines written so far. */
  readonly log: readonly string[];
  close(): Promise<void>;
}

/** What a test may choose. */
export interface WorldOptions {
  readonly limiter?: ConcurrencyLimiter;
  readonly deadlines?: DeadlinePolicy;
  readonly otlpEndpoint?: string;
}

/** Opens the topology of that name. */
export function openNamed(name: "in process" | "gRPC", options?: WorldOptions): Promise<World> {
  const topology = topologies.find((candidate) => candidate.name === name);
  if (topology === undefined) throw new Error(`no topology ${name}`);
  return openWorld(topology, options);
}

/** Opens one topology. */
export async function openWorld(
  topology: Topology,
  { otlpEndpoint, ...serverOptions }: WorldOptions = {},
): Promise<World> {
  const seen = new Observations();
  const log: string[] = [];
  const telemetry = await createTelemetry({
    service: "conformance",
    ...(otlpEndpoint === undefined ? {} : { otlpEndpoint }),
    level: "debug",
    destination: { write: (line) => log.push(line) },
  });
  const keys = generatePrincipalKeys();
  const signer = createPrincipalSigner({ keyId: "k1", privateKey: keys.privateKey });
  const authenticate = tokenAuthenticator(createPrincipalVerifier({ publicKeys: { k1: keys.publicKey } }));
  const dependency = new DependencyTracker("conformance");
  const connection = await topology.connect({
    bindings: [conformanceBinding(seen)],
    server: serverInterceptors({ telemetry, authenticate, ...serverOptions }),
    client: (overWire) => clientInterceptors({ telemetry, dependency, overWire }),
  });
  const { transport } = connection;
  const close = async () => {
    await connection.close();
    await telemetry.shutdown();
  };
  return {
    client: createClient(ConformanceService, transport),
    transport,
    seen,
    signer,
    dependency,
    telemetry,
    log,
    close,
  };
}
