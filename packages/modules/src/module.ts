/** What a service is to the process that runs it: its bill of materials (`Module`) and what it offers once it runs. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AnySettings, ConfigOf } from "@agentmesh/config";
import type { Authenticate, DeadlinePolicy, PrincipalSigner, ServiceBinding } from "@agentmesh/rpc";
import type { Database } from "@agentmesh/state";
import type { Telemetry } from "@agentmesh/telemetry";
import type { DescService } from "@bufbuild/protobuf";
import type { Client, Interceptor, Transport } from "@connectrpc/connect";
import type { DependencyReport } from "./dependency-state.ts";

/** The services of the mesh. Also the names of their modules and, in upper case, the prefixes of their settings. */
export type ModuleName = "gateway" | "guardrail" | "orchestrator" | "llm-router" | "memory" | "tool-registry" | "cost";

/**
 * One service: what it needs and what it offers. Declared in `services/<name>/src/module.ts`:
 *
 *     export const costModule = defineModule({ name: "cost", settings, dependsOn: [], services: [CostService], create });
 */
export interface Module<Group extends AnySettings = AnySettings> {
  readonly name: ModuleName;
  readonly settings: Group;
  /** Modules whose services it calls: they start before it and stop after it. */
  readonly dependsOn: readonly ModuleName[];
  /** What it serves. The proto package says whose it is: `agentmesh.llm_router.v1` belongs to "llm-router". */
  readonly services: readonly DescService[];
  /** True for the one module that authenticates principals, the gateway: `host.signer` is set. */
  readonly signsPrincipals?: boolean;
  /** Opens stores and builds the handlers. Must not call other services yet: that is what `start` is for. */
  create(host: ModuleHost, config: ConfigOf<Group>): Promise<RunningModule>;
}

/** What the process gives a module. Nothing in it is global. */
export interface ModuleHost {
  /** The module's own: label, field and attribute `service` are its name. */
  readonly telemetry: Telemetry;
  /** Now, in milliseconds since the epoch. */
  readonly clock: () => number;
  /** From 0 up to but not including 1; not for secrets. */
  readonly random: () => number;
  /** A client of another module's service, over whatever transport the process was told to use. */
  client<S extends DescService>(service: S): Client<S>;
  /** The module's own file `<data>/<name>.db`, with the durability of the process; closed after `stop`. One per module. */
  database(migrations: readonly string[]): Promise<Database>;
  /** The data folder (absolute, exists, 0700), for files that are no database. */
  readonly dataDirectory: string;
  /** The engine of the stores. */
  readonly engine: "sqlite" | "redis";
  /** Makes credentials that other services accept; undefined unless the module declares `signsPrincipals`. */
  readonly signer: PrincipalSigner | undefined;
}

/** A module that was created. */
export interface RunningModule {
  /** The handlers of `Module.services`. */
  readonly bindings: readonly ServiceBinding[];
  /** The gateway only: what stands at the public ports. */
  readonly edge?: PublicEdge;
  /**
   * Further dependencies for Diagnose: providers, upstreams; a `DependencyTracker` of rpc keeps their state. The
   * module's database and the services it calls are reported by the host. Reports what is known; never calls a model.
   */
  dependencies?(): Promise<readonly DependencyReport[]> | readonly DependencyReport[];
  /** Throws when a store of its own does not answer. The database from `host.database` is pinged by the host. */
  ready?(): Promise<void>;
  /** Called when everything it depends on serves: background work, recovery of what was running. */
  start?(): Promise<void>;
  /** Take no new work, finish or hand back what runs. Aborted when the drain time is over. */
  drain?(signal: AbortSignal): Promise<void>;
  /** Ends background work and closes what it opened itself. Called once, after its servers are closed. */
  stop(): Promise<void>;
}

/** Answers an HTTP request. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** The public door. Its servers use `authenticate` in place of the verification of principal tokens. */
export interface PublicEdge {
  /**
   * From the call's headers (API key, JWT) to its principal, undefined when they hold no proof; throws an error of the
   * module's catalogue when the proof is wrong. The RPC's required scope is checked afterwards.
   */
  readonly authenticate: Authenticate;
  /** What calls without a deadline get, and the longest that a caller may ask for. */
  readonly deadlines?: DeadlinePolicy;
  /** Run after the common ones, in this order, right before the handlers: rate limits, idempotency. */
  readonly interceptors?: readonly Interceptor[];
  /**
   * Makes what answers HTTP requests that name no RPC: the OpenAI-compatible routes. The transport leads to the
   * module's own services through all interceptors of the public ports, so what comes in here is authenticated, limited
   * and measured as every other call. Answers 404 itself.
   */
  readonly httpRoutes?: (transport: Transport) => HttpHandler;
  /** Sees every HTTP request first, RPCs included; true: it has answered. For the rules of browsers (CORS). */
  readonly httpGuard?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Keeps the types of settings and `create` together. */
export function defineModule<const Group extends AnySettings>(module: Module<Group>): Module<Group> {
  return module;
}
