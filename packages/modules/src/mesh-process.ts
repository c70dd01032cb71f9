import type { HealthState, InterceptorsFor, ServiceBinding } from "@agentmesh/rpc";
import type { Telemetry } from "@agentmesh/telemetry";
import { diagnosticsBinding } from "./diagnostics.ts";
import { createHost, type HostOptions } from "./host.ts";
import { edgeInterceptors, meshInterceptors } from "./interceptor-chains.ts";
import { type Listener, type ListenOptions, openGrpc, openHttp } from "./listeners.ts";
import { type LiveModule, liveModule } from "./live-module.ts";
import type { Module, ModuleName } from "./module.ts";
import { moduleStep } from "./module-error.ts";
import { openPrincipals, type Principals } from "./principals.ts";
import type { ProcessConfig } from "./process-config.ts";
import type { ProcessAddresses, ProcessOptions, RunningProcess } from "./process-options.ts";
import { isReady } from "./readiness.ts";
import { createResolver, type Resolver } from "./resolver.ts";
import { attempt, shutDown } from "./shutdown.ts";
import { startOrder } from "./start-order.ts";
import { version } from "./version.ts";

/** How often a process asks its stores whether they still answer. */
const readinessIntervalMs = 2_000;

/** What `MeshProcess` is made of. */
export interface MeshProcessParts {
  readonly options: ProcessOptions;
  readonly config: ProcessConfig;
  readonly telemetry: Telemetry;
  /** Takes whatever must be released, in reverse order of the start. */
  readonly cleanup: AsyncDisposableStack;
  readonly health: HealthState;
}

/** Modules that run together in one process. */
export class MeshProcess implements RunningProcess {
  readonly telemetry: Telemetry;
  readonly dataDirectory: string;
  readonly #parts: MeshProcessParts;
  readonly #modules: readonly Module[];
  readonly #transport: "direct" | "grpc";
  readonly #clock: () => number;
  readonly #live = new Map<ModuleName, LiveModule>();
  readonly #listeners: Listener[] = [];
  readonly #grpc: Partial<Record<ModuleName, string>> = {};
  readonly #interceptors: InterceptorsFor;
  readonly #host: HostOptions;
  readonly #diagnostics: ServiceBinding;
  #http: string | undefined;
  #metrics = "";
  #stopping: Promise<void> | undefined;

  constructor(parts: MeshProcessParts) {
    const { options, config, telemetry } = parts;
    this.#parts = parts;
    this.telemetry = telemetry;
    this.dataDirectory = config.dataDirectory;
    this.#modules = startOrder(options.modules);
    this.#transport = options.modules.length === 1 ? "grpc" : config.shared.transport;
    this.#clock = options.clock ?? Date.now;
    const principals = openPrincipals(config, options.modules, this.#clock);
    this.#interceptors = meshInterceptors({
      live: this.#live,
      telemetry,
      authenticate: principals.authenticate,
      concurrencyLimit: config.shared.concurrencyLimit,
    });
    this.#host = this.#hostOptions(principals);
    this.#diagnostics = diagnosticsBinding({ live: this.#live, clock: this.#clock, version, started: this.#clock() });
  }

  get addresses(): ProcessAddresses {
    return { grpc: this.#grpc, http: this.#http, metrics: this.#metrics };
  }

  /** Starts everything. What it started by the time it throws is in `cleanup`. */
  async start(): Promise<void> {
    const { health, cleanup } = this.#parts;
    // The stores first: a second start on the same data folder is told so, and not that a port is taken.
    for (const module of this.#modules) await this.#startModule(module);
    await this.#serveMetrics();
    health.setReady(true, this.#services());
    const timer = setInterval(() => void this.#checkReadiness(), readinessIntervalMs).unref();
    cleanup.defer(() => clearInterval(timer));
  }

  stop(graceMs = this.#parts.config.shared.drainTimeout): Promise<void> {
    const { health, cleanup, config } = this.#parts;
    const { logger } = this.telemetry;
    this.#stopping ??= shutDown({
      health,
      services: this.#services(),
      listeners: this.#listeners,
      modules: [...this.#live.values()],
      logger,
      delayMs: config.shared.shutdownDelay,
      graceMs,
      release: () => attempt(logger, "release everything", () => cleanup.disposeAsync()),
    });
    return this.#stopping;
  }

  async #serveMetrics(): Promise<void> {
    const { config, cleanup } = this.#parts;
    const at = { host: config.shared.metricsHost, port: config.metricsPort };
    const step = `listen on ${at.host}:${at.port} (AGENTMESH_METRICS_PORT)`;
    const metrics = await moduleStep("metrics", step, () => this.telemetry.serveMetrics(at));
    cleanup.defer(() => metrics.close());
    this.#metrics = metrics.address;
  }

  async #startModule(module: Module): Promise<void> {
    const { cleanup, config } = this.#parts;
    const { name } = module;
    const live = liveModule(module, this.telemetry);
    cleanup.defer(() => this.#stopModule(live));
    const host = createHost(live, this.#host);
    live.running = await moduleStep(name, "be created", () => module.create(host, config.configOf(module)));
    this.#live.set(name, live);
    await moduleStep(name, "start", () => live.running?.start?.());
    await this.#listen(live);
  }

  /** Stops the module, then closes the databases it got from its host; a failure is logged. */
  async #stopModule(live: LiveModule): Promise<void> {
    const { logger } = this.telemetry;
    await attempt(logger, `stop ${live.module.name}`, () => live.running?.stop());
    for (const database of live.databases) await attempt(logger, `close ${database.name}`, () => database.close());
  }

  /** In memory only the public door needs ports; over gRPC every module does. */
  async #listen(live: LiveModule): Promise<void> {
    const hasEdge = live.running?.edge !== undefined;
    if (!hasEdge && this.#transport === "direct") return;
    const options = this.#listenOptions(live);
    const grpc = this.#keep(await openGrpc(options));
    this.#grpc[live.module.name] = grpc.address;
    if (hasEdge) this.#http = this.#keep(await openHttp(options)).address;
  }

  #keep(listener: Listener): Listener {
    this.#listeners.push(listener);
    this.#parts.cleanup.defer(() => listener.close());
    return listener;
  }

  #listenOptions(live: LiveModule): ListenOptions {
    const { config, health } = this.#parts;
    const { listenHost, maxMessageBytes, concurrencyLimit } = config.shared;
    const edge = live.running?.edge;
    return {
      live,
      bindings: [...(live.running?.bindings ?? []), this.#diagnostics],
      interceptors: edge === undefined ? this.#interceptors : edgeInterceptors(edge, live, concurrencyLimit),
      health,
      host: listenHost,
      grpcPort: config.grpcPortOf(live.module),
      httpPort: config.httpPortOf(live.module),
      maxMessageBytes,
    };
  }

  #hostOptions(principals: Principals): HostOptions {
    const { options, config } = this.#parts;
    return {
      clock: this.#clock,
      random: options.random ?? Math.random,
      dataDirectory: config.dataDirectory,
      durability: config.shared.durability,
      signer: principals.signer,
      resolver: this.#openResolver(),
    };
  }

  #openResolver(): Resolver {
    const { options, config, cleanup } = this.#parts;
    const resolver = createResolver({
      transport: this.#transport,
      live: this.#live,
      addressOf: (name) => this.#grpc[name] ?? config.addresses[name],
      serverInterceptors: this.#interceptors,
      maxMessageBytes: config.shared.maxMessageBytes,
      verify: options.verify ?? false,
    });
    cleanup.defer(() => resolver.close());
    return resolver;
  }

  #services(): string[] {
    return this.#modules.flatMap((module) => module.services.map(({ typeName }) => typeName));
  }

  async #checkReadiness(): Promise<void> {
    const answers = await Promise.all([...this.#live.values()].map(isReady));
    const ready = answers.every(Boolean);
    const { health } = this.#parts;
    if (this.#stopping !== undefined || (health.get("readiness") === "SERVING") === ready) return;
    this.telemetry.logger.warn(ready ? "the stores answer again: ready" : "a store does not answer: not ready");
    health.setReady(ready, this.#services());
  }
}
