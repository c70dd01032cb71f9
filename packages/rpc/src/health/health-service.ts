import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "@agentmesh/contracts/grpc/health/v1/health";
import { Code } from "@connectrpc/connect";
import { bind, type ServiceBinding } from "../binding.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import type { HealthState } from "./health-state.ts";

/** Serves grpc.health.v1 from a health state. */
export function healthBinding(state: HealthState): ServiceBinding {
  return bind(Health, {
    check: ({ service }) => ({ status: knownStatus(state, service) }),
    watch: ({ service }, { signal }) => watch(state, service, signal),
    list: () => ({
      statuses: Object.fromEntries(
        [...state.entries()].map(([name, serving]) => [name, { status: ServingStatus[serving] }]),
      ),
    }),
  });
}

function knownStatus(state: HealthState, service: string): ServingStatus {
  const serving = state.get(service);
  if (serving === undefined) {
    throw rpcError(Code.NotFound, "UNKNOWN_SERVICE", "nothing is known about the health of this service; see List", {
      metadata: { service },
    });
  }
  return ServingStatus[serving];
}

async function* watch(state: HealthState, service: string, signal: AbortSignal) {
  let wake = () => {};
  const changed = () => wake();
  const stop = state.watch(changed);
  signal.addEventListener("abort", changed);
  try {
    let last: ServingStatus | undefined;
    while (!signal.aborted) {
      const next = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const serving = state.get(service);
      const status = serving === undefined ? ServingStatus.SERVICE_UNKNOWN : ServingStatus[serving];
      if (status !== last) yield { status };
      else await next;
      last = status;
    }
  } finally {
    stop();
    signal.removeEventListener("abort", changed);
  }
}
