import {
  type Authenticate,
  type ConcurrencyLimiter,
  createConcurrencyLimiter,
  type InterceptorsFor,
  serverInterceptors,
} from "@agentmesh/rpc";
import type { Telemetry } from "@agentmesh/telemetry";
import type { DescService } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { LiveModule } from "./live-module.ts";
import type { ModuleName, PublicEdge } from "./module.ts";

/** What the chains of a process are made from. */
export interface ChainOptions {
  /** The modules of the process, as far as they are created. */
  readonly live: ReadonlyMap<ModuleName, LiveModule>;
  /** The process's own, for services that belong to no module. */
  readonly telemetry: Telemetry;
  readonly authenticate: Authenticate;
  readonly concurrencyLimit: number;
}

/** Interceptors per service: each module has its own telemetry and its own concurrency limit. */
export function meshInterceptors(options: ChainOptions): InterceptorsFor {
  const chains = new Map<LiveModule | undefined, readonly Interceptor[]>();
  return (service) => {
    const owner = moduleOf(service, options.live);
    const chain = chains.get(owner) ?? chainOf(owner, options);
    chains.set(owner, chain);
    return chain;
  };
}

/** The same for the public ports: callers are authenticated by the edge, and its own interceptors come last. */
export function edgeInterceptors(edge: PublicEdge, live: LiveModule, concurrencyLimit: number): InterceptorsFor {
  const { telemetry } = live;
  const limiter = createConcurrencyLimiter({ limit: concurrencyLimit });
  const { authenticate, deadlines = {} } = edge;
  const common = serverInterceptors({ telemetry, authenticate, limiter, deadlines });
  return [...common, ...(edge.interceptors ?? [])];
}

function chainOf(owner: LiveModule | undefined, options: ChainOptions): readonly Interceptor[] {
  const { telemetry, authenticate, concurrencyLimit } = options;
  const limiter: ConcurrencyLimiter = createConcurrencyLimiter({ limit: concurrencyLimit });
  return serverInterceptors({ telemetry: owner?.telemetry ?? telemetry, authenticate, limiter });
}

function moduleOf(service: DescService, live: ReadonlyMap<ModuleName, LiveModule>): LiveModule | undefined {
  for (const candidate of live.values()) {
    if (candidate.module.services.some(({ typeName }) => typeName === service.typeName)) return candidate;
  }
  return undefined;
}
