import {
  clientInterceptors,
  createDirectTransport,
  createGrpcTransport,
  DependencyTracker,
  type InterceptorsFor,
} from "@agentmesh/rpc";
import type { Transport } from "@connectrpc/connect";
import type { LiveModule } from "./live-module.ts";
import type { ModuleName } from "./module.ts";

/** What decides over transports. */
export interface ResolverOptions {
  readonly transport: "direct" | "grpc";
  /** The modules of this process, as far as they are created. */
  readonly live: ReadonlyMap<ModuleName, LiveModule>;
  /** "host:port" of modules, those of this process included once they listen. */
  readonly addressOf: (name: ModuleName) => string;
  readonly serverInterceptors: InterceptorsFor;
  readonly maxMessageBytes: number;
  /** In-process calls behave like the wire, for tests. */
  readonly verify: boolean;
}

/** Decides, in this one place, how a module reaches another. */
export interface Resolver {
  transportFor(caller: LiveModule, target: ModuleName): Transport;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** One transport per caller and target, made when first asked for. */
export function createResolver(options: ResolverOptions): Resolver {
  const transports = new Map<string, Transport>();
  const closing: (() => Promise<void>)[] = [];
  const open = (caller: LiveModule, target: ModuleName): Transport => {
    const { maxMessageBytes, serverInterceptors, verify } = options;
    const overWire = options.transport === "grpc" || !options.live.has(target);
    const interceptors = clientInterceptorsOf(caller, target, overWire);
    if (!overWire) {
      const bindings = () => options.live.get(target)?.running?.bindings ?? [];
      return createDirectTransport({ bindings, clientInterceptors: interceptors, serverInterceptors, verify });
    }
    const transport = createGrpcTransport({ address: options.addressOf(target), interceptors, maxMessageBytes });
    closing.push(() => transport.close());
    return transport;
  };
  return {
    transportFor: (caller, target) => {
      const key = `${caller.module.name} ${target}`;
      const transport = transports.get(key) ?? open(caller, target);
      transports.set(key, transport);
      return transport;
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()));
    },
  };
}

function clientInterceptorsOf(caller: LiveModule, target: ModuleName, overWire: boolean) {
  const dependency = new DependencyTracker(target);
  caller.trackers.set(target, dependency);
  return clientInterceptors({ telemetry: caller.telemetry, dependency, overWire });
}
