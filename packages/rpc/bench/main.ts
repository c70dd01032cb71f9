/**
 * What a call costs: in process, and over gRPC with the whole chain of interceptors, as a ratio to raw grpc-js in the
 * same run. Run from the repository's root: `node packages/rpc/bench/main.ts [seconds per measurement]`.
 * CPU of the process (both sides) per call; pairs interleaved, medians of 7.
 */
import { createTelemetry } from "@agentmesh/telemetry";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { Client, credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import {
  bind,
  CallValues,
  clientInterceptors,
  createDirectTransport,
  createGrpcServer,
  createGrpcTransport,
  createPrincipalSigner,
  createPrincipalVerifier,
  DependencyTracker,
  generatePrincipalKeys,
  serverInterceptors,
  tokenAuthenticator,
} from "../src/index.ts";
import { conformanceBinding, Observations } from "../testing/conformance-service.ts";
import {
  ConformanceService,
  EchoRequestSchema,
  EchoResponseSchema,
} from "../testing/gen/agentmesh/conformance/v1/conformance_pb.ts";

type Call = () => Promise<unknown>;
const SECONDS = Number(process.argv[2] ?? 0.5);
const ROUNDS = 7;
const text = "x".repeat(1_400);

const telemetry = await createTelemetry({ service: "bench", level: "info", destination: { write: () => {} } });
const keys = generatePrincipalKeys();
const signer = createPrincipalSigner({ keyId: "k1", privateKey: keys.privateKey });
const authenticate = tokenAuthenticator(createPrincipalVerifier({ publicKeys: { k1: keys.publicKey } }));
const credential = signer.credential({ tenant: "acme", user: "ada", keyId: "k", roles: [], scopes: ["*"] });
const server = serverInterceptors({ telemetry, authenticate });
const client = (overWire: boolean) =>
  clientInterceptors({ telemetry, dependency: new DependencyTracker("bench"), overWire });

const base = conformanceBinding(new Observations());
const echo = {
  ...base,
  implementation: { ...base.implementation, guarded: (request: { text: string }) => ({ text: request.text }) },
};
const bindings = [bind(ConformanceService, echo.implementation as never)];

// Raw grpc-js with protobuf-es on both sides, no Connect, nothing else.
const raw = new Server();
const path = "/agentmesh.conformance.v1.ConformanceService/Guarded";
const encode = (desc: typeof EchoResponseSchema | typeof EchoRequestSchema) => (message: never) =>
  Buffer.from(toBinary(desc, message));
raw.register(
  path,
  (call: { request: { text: string } }, callback: (error: null, value: unknown) => void) =>
    callback(null, create(EchoResponseSchema, { text: call.request.text })),
  encode(EchoResponseSchema) as never,
  (bytes: Buffer) => fromBinary(EchoRequestSchema, bytes),
  "unary",
);
const rawPort = await new Promise<number>((resolve, reject) =>
  raw.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  ),
);
const rawClient = new Client(`127.0.0.1:${rawPort}`, credentials.createInsecure());
const rawCall: Call = () =>
  new Promise((resolve, reject) => {
    rawClient.makeUnaryRequest(
      path,
      encode(EchoRequestSchema) as never,
      (bytes: Buffer) => fromBinary(EchoResponseSchema, bytes),
      create(EchoRequestSchema, { text }),
      (error, answer) => (error ? reject(error) : resolve(answer)),
    );
  });

const host = createGrpcServer({ bindings, interceptors: server });
const hostPort = await host.listen();
const bareHost = createGrpcServer({ bindings });
const barePort = await bareHost.listen();
const grpc = createGrpcTransport({ address: `127.0.0.1:${hostPort}`, interceptors: client(true) });
const grpcBare = createGrpcTransport({ address: `127.0.0.1:${barePort}` });
const fullGrpc = createClient(ConformanceService, grpc);
const bareGrpc = createClient(ConformanceService, grpcBare);
const bareDirect = createClient(ConformanceService, createDirectTransport({ bindings: () => bindings }));
const fullDirect = createClient(
  ConformanceService,
  createDirectTransport({ bindings: () => bindings, clientInterceptors: client(false), serverInterceptors: server }),
);

const signal = new AbortController().signal;
const request = create(EchoRequestSchema, { text });
const options = () => ({ signal, timeoutMs: 60_000, contextValues: new CallValues(undefined, credential) });
const calls: Record<string, Call> = {
  "in process, bare": () => bareDirect.guarded(request),
  "in process, deadline + cancel + principal": () => bareDirect.guarded(request, options()),
  "in process, whole chains": () => fullDirect.guarded(request, options()),
  "raw grpc-js": rawCall,
  "gRPC, bare": () => bareGrpc.guarded(request),
  "gRPC, whole chains": () => fullGrpc.guarded(request, options()),
};

async function measure(call: Call, inFlight: number, seconds: number): Promise<{ cpu: number; rate: number }> {
  let count = 0;
  const started = performance.now();
  const end = started + seconds * 1000;
  const cpu = process.cpuUsage();
  const worker = async () => {
    while (performance.now() < end) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: (user + system) / count, rate: count / ((performance.now() - started) / 1000) };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
for (const inFlight of [1, 32]) {
  const results = new Map<string, { cpu: number; rate: number }[]>(Object.keys(calls).map((name) => [name, []]));
  for (const call of Object.values(calls)) await measure(call, inFlight, SECONDS); // Warm up.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(calls)) results.get(name)?.push(await measure(call, inFlight, SECONDS));
  }
  const rawCpu = median(results.get("raw grpc-js")?.map(({ cpu }) => cpu) ?? []);
  process.stdout.write(`\n${inFlight} in flight, 1.4 KB${" ".repeat(24)} µs CPU/call   calls/s   × raw grpc-js\n`);
  for (const [name, runs] of results) {
    const cpu = median(runs.map((run) => run.cpu));
    const rate = median(runs.map((run) => run.rate));
    process.stdout.write(
      `${name.padEnd(44)} ${cpu.toFixed(1).padStart(10)} ${rate.toFixed(0).padStart(10)} ${(cpu / rawCpu).toFixed(2).padStart(12)}\n`,
    );
  }
}
rawClient.close();
raw.forceShutdown();
await grpc.close();
await grpcBare.close();
await host.close();
await bareHost.close();
await telemetry.shutdown();
