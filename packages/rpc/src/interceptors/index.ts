/** The interceptors of every service and every client, and their order: written here, once. */
import type { Telemetry } from "@agentmesh/telemetry";
import type { Interceptor } from "@connectrpc/connect";
import { clientDeadline, type DefaultTimeouts } from "./client-deadline.ts";
import { clientErrors } from "./client-errors.ts";
import { clientMetrics } from "./client-metrics.ts";
import { clientPrincipal } from "./client-principal.ts";
import { clientTracing } from "./client-tracing.ts";
import { type ConcurrencyLimiter, createConcurrencyLimiter } from "./concurrency-limiter.ts";
import { type DependencyTracker, dependencyTracking } from "./dependency-tracker.ts";
import { loadShedding } from "./load-shedding.ts";
import { type DeadlinePolicy, serverDeadline } from "./server-deadline.ts";
import { serverErrors } from "./server-errors.ts";
import { serverLogging } from "./server-logging.ts";
import { serverMetrics } from "./server-metrics.ts";
import { type Authenticate, serverPrincipal } from "./server-principal.ts";
import { serverTracing } from "./server-tracing.ts";

/** What the interceptors of a service need. */
export interface ServerInterceptorOptions {
  readonly telemetry: Pick<Telemetry, "logger" | "metrics" | "tracer">;
  /** Usually `tokenAuthenticator(verifier)`; the gateway has its own. */
  readonly authenticate: Authenticate;
  /** Shared by all services that compete for the same process. Default: one of its own with 1,024 places. */
  readonly limiter?: ConcurrencyLimiter;
  readonly deadlines?: DeadlinePolicy;
}

/** The interceptors before every service, outermost first. */
export function serverInterceptors(options: ServerInterceptorOptions): Interceptor[] {
  const { telemetry, authenticate, limiter = createConcurrencyLimiter(), deadlines } = options;
  const { logger, metrics, tracer } = telemetry;
  return [
    serverErrors(logger),
    serverDeadline(deadlines),
    serverPrincipal(authenticate, logger),
    serverTracing(tracer),
    serverMetrics(metrics),
    serverLogging(logger),
    loadShedding(limiter, metrics),
  ];
}

/** What the interceptors of a client need. */
export interface ClientInterceptorOptions {
  readonly telemetry: Pick<Telemetry, "metrics" | "tracer">;
  /** The service that is called. Feeds Diagnose. */
  readonly dependency: DependencyTracker;
  /** Whether calls leave the process: then principal and trace travel as headers. Default true. */
  readonly overWire?: boolean;
  readonly defaultTimeouts?: DefaultTimeouts;
}

/** The interceptors of every client, outermost first. */
export function clientInterceptors(options: ClientInterceptorOptions): Interceptor[] {
  const { telemetry, dependency, overWire = true, defaultTimeouts } = options;
  return [
    clientErrors(),
    clientDeadline(defaultTimeouts),
    ...(overWire ? [clientPrincipal()] : []),
    clientTracing(telemetry.tracer, overWire),
    clientMetrics(telemetry.metrics, dependency.name),
    dependencyTracking(dependency),
  ];
}
