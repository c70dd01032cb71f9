/** The mesh as tests start it: free ports, its own data folder, a simulator that remembers what it was asked. */
import { randomUUID } from "node:crypto";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningMesh, startMesh } from "@agentmesh/all-in-one";
import { type CreateKeyRequest, CreateKeyRequestSchema } from "@agentmesh/contracts/gateway/v1/key_service";
import { createSimulator, type Simulator } from "@agentmesh/llm-simulator";
import { createGrpcTransport } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type Clients, clientsOver, type Person, withKey } from "./person.ts";
import type { Topology } from "./topologies.ts";

const exampleAgents = fileURLToPath(new URL("../../../../examples/agents", import.meta.url));
const testAgents = fileURLToPath(new URL("../../agents", import.meta.url));

/** Waits of the router are short, so that a silent provider costs a test little. */
const testSettings = {
  AGENTMESH_LLM_ROUTER_IDLE_TIMEOUT: "400ms",
  AGENTMESH_GATEWAY_REQUESTS_PER_MINUTE: "1000000",
  AGENTMESH_GATEWAY_BURST: "100000",
};

/** A running mesh and what tests need to look at it from outside. */
export interface TestMesh {
  readonly running: RunningMesh;
  /** The only fake: the models' provider. */
  readonly simulator: Simulator;
  /** "127.0.0.1:…" of the public gRPC port. */
  readonly grpcAddress: string;
  /** "http://127.0.0.1:…" of the public HTTP port. */
  readonly url: string;
  readonly dataDirectory: string;
  /** Who holds the key of the first start. */
  readonly admin: Person;
  /** Everything that was logged, as JSON lines. */
  logText(): string;
  /** A new user with a key of their own. */
  person(wishes?: MessageInitShape<typeof CreateKeyRequestSchema>): Promise<Person>;
  /** Somebody without a key. */
  anonymous(): Clients;
  /** Somebody who calls with this secret. */
  as(secret: string): Clients;
  close(): Promise<void>;
}

/** A folder with the examples' agents and those of the tests. */
export function agentsIn(folder: string): string {
  const agents = join(folder, "agents");
  mkdirSync(agents, { recursive: true });
  cpSync(exampleAgents, agents, { recursive: true });
  cpSync(testAgents, agents, { recursive: true });
  return agents;
}

/** Starts a mesh. @param settings further variables of its environment */
export async function openMesh(topology: Topology, settings: Record<string, string> = {}): Promise<TestMesh> {
  const folder = temporaryDirectory();
  const simulator = await createSimulator({ rememberRequests: 5_000 });
  const lines: string[] = [];
  const running = await startMesh({
    transport: topology.transport,
    verify: topology.verify,
    freePorts: true,
    dataDirectory: join(folder.path, "data"),
    environment: {
      ...testSettings,
      AGENTMESH_LLM_ROUTER_PROVIDER_URL: simulator.url,
      AGENTMESH_ORCHESTRATOR_AGENTS: agentsIn(folder.path),
      ...settings,
    },
    logDestination: { write: (text: string) => void lines.push(text) },
  });
  const grpcAddress = running.addresses.grpc.gateway ?? "";
  const { as, close: closeClients } = clientsAt(grpcAddress);
  const admin = await adminOf(readFileSync(join(running.dataDirectory, "admin-key"), "utf8").trim(), as);
  return {
    running,
    simulator,
    grpcAddress,
    url: `http://${running.addresses.http}`,
    dataDirectory: running.dataDirectory,
    admin,
    logText: () => lines.join(""),
    person: (wishes = {}) => makePerson(admin, as, create(CreateKeyRequestSchema, wishes)),
    anonymous: () => as(undefined),
    as,
    async close() {
      await closeClients();
      await running.stop(5_000);
      await simulator.close();
      folder.remove();
    },
  };
}

/** Clients over gRPC by secret, undefined for none; channels are closed together. */
export function clientsAt(address: string) {
  const open: { close(): Promise<void> }[] = [];
  return {
    as(secret: string | undefined): Clients {
      const transport = createGrpcTransport({ address, interceptors: secret === undefined ? [] : [withKey(secret)] });
      open.push(transport);
      return clientsOver(transport);
    },
    close: async () => {
      await Promise.all(open.splice(0).map((transport) => transport.close()));
    },
  };
}

type As = ReturnType<typeof clientsAt>["as"];

async function adminOf(secret: string, as: As): Promise<Person> {
  const clients = as(secret);
  const { keys } = await clients.keys.listKeys({});
  const key = keys.find(({ prefix }) => secret.startsWith(prefix));
  if (key === undefined) throw new Error("the admin key is not among the keys");
  return { ...clients, user: key.user, key, secret };
}

async function makePerson(admin: Person, as: As, wishes: CreateKeyRequest): Promise<Person> {
  const user = wishes.user || `user-${randomUUID()}`;
  const scopes = wishes.scopes.length > 0 ? wishes.scopes : ["*"];
  const { key, secret } = await admin.keys.createKey({ ...wishes, name: wishes.name || user, user, scopes });
  if (key === undefined) throw new Error("CreateKey answered without a key");
  return { ...as(secret), user, key, secret };
}
