import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImpl } from "@connectrpc/connect";

/** A service of the contracts together with what answers it. Where it is mounted is decided elsewhere. */
export interface ServiceBinding {
  readonly service: DescService;
  /** The handler of each method by local name. Typed when it is bound, opaque afterwards. */
  readonly implementation: Readonly<Record<string, unknown>>;
}

/**
 * Binds an implementation to its service. Handlers may be methods of a class: they keep their `this`.
 * @throws TypeError when a method of the contract has no handler
 */
export function bind<S extends DescService>(service: S, implementation: ServiceImpl<S>): ServiceBinding {
  const handlers = implementation as Readonly<Record<string, unknown>>;
  for (const method of service.methods) {
    if (typeof handlers[method.localName] !== "function") {
      throw new TypeError(`${service.typeName}.${method.name} has no handler`);
    }
  }
  return { service, implementation: handlers };
}

/**
 * Interceptors for all services of a host, or chosen per service: in one process each module has its own telemetry,
 * so each has its own list.
 */
export type InterceptorsFor = readonly Interceptor[] | ((service: DescService) => readonly Interceptor[]);

/** The interceptors that stand before one service. */
export function interceptorsOf(
  service: DescService,
  interceptors: InterceptorsFor | undefined,
): readonly Interceptor[] {
  if (interceptors === undefined) return [];
  return typeof interceptors === "function" ? interceptors(service) : interceptors;
}

/** The path of a method on the wire: "/agentmesh.cost.v1.CostService/Hold". */
export function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}
