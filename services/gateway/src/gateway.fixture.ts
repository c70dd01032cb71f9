/** A gateway process with real ports in front of the owners' contracts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningProcess, startProcess } from "@agentmesh/modules";
import { createGrpcTransport } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { gatewayModule } from "./module.ts";
import { type Owners, openOwners } from "./owners.fixture.ts";

/** A gateway under test. */
export interface TestGateway {
  readonly owners: Owners;
  readonly process: RunningProcess;
  /** "http://127.0.0.1:…". */
  readonly url: string;
  readonly adminKey: string;
  readonly logs: string[];
  /** A client over gRPC, with a key. */
  grpc<S extends DescService>(service: S, key?: string): Client<S>;
  close(): Promise<void>;
}

/** Starts a gateway on free ports. @param settings further variables of its environment */
export async function openGateway(settings: Record<string, string> = {}): Promise<TestGateway> {
  const folder = temporaryDirectory();
  const owners = await openOwners();
  const logs: string[] = [];
  const running = await startProcess({
    name: "gateway",
    modules: [gatewayModule],
    environment: environmentOf(owners.address, folder.path, settings),
    logDestination: { write: (line) => void logs.push(line) },
  });
  const transport = createGrpcTransport({ address: running.addresses.grpc.gateway ?? "" });
  const adminKey = readFileSync(join(folder.path, "admin-key"), "utf8").trim();
  return {
    owners,
    process: running,
    url: `http://${running.addresses.http}`,
    adminKey,
    logs,
    grpc: (service, key = adminKey) => clientWithKey(service, transport, key),
    async close() {
      await transport.close();
      await running.stop(2_000);
      await owners.close();
      folder.remove();
    },
  };
}

function clientWithKey<S extends DescService>(
  service: S,
  transport: Parameters<typeof createClient>[1],
  key: string,
): Client<S> {
  const withKey = (headers: HeadersInit | undefined) => ({ authorization: `Bearer ${key}`, ...(headers as object) });
  return createClient(service, {
    unary: (method, signal, timeoutMs, headers, input, values) =>
      transport.unary(method, signal, timeoutMs, withKey(headers), input, values),
    stream: (method, signal, timeoutMs, headers, input, values) =>
      transport.stream(method, signal, timeoutMs, withKey(headers), input, values),
  });
}

function environmentOf(
  owners: string,
  dataDirectory: string,
  settings: Record<string, string>,
): Record<string, string> {
  const addresses = ["ORCHESTRATOR", "GUARDRAIL", "LLM_ROUTER", "MEMORY", "COST"];
  return {
    AGENTMESH_DATA_DIR: dataDirectory,
    AGENTMESH_METRICS_PORT: "0",
    AGENTMESH_GATEWAY_GRPC_PORT: "0",
    AGENTMESH_GATEWAY_HTTP_PORT: "0",
    ...Object.fromEntries(addresses.map((name) => [`AGENTMESH_${name}_ADDRESS`, owners])),
    ...settings,
  };
}
