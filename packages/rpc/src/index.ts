/** One programming model, three transports: in process, gRPC and the HTTP edge, with one list of interceptors. */
export { bind, type InterceptorsFor, pathOf, type ServiceBinding } from "./binding.ts";
export { CallGroup } from "./call/call-group.ts";
export { CallValues, deadlineKey, principalKey, spanKey } from "./call/call-values.ts";
export { callOptionsOf, scopeOf } from "./call/scope-of.ts";
export { relayStream, withStream } from "./call/with-stream.ts";
export { createDirectTransport, type DirectTransportOptions } from "./direct/transport.ts";
export { createHttpEdge, type HttpEdgeOptions } from "./edge/http-edge.ts";
export { cancelError, deadlineError } from "./errors/abort-error.ts";
export { CODE_NAMES, codeOf, errorInfoOf, type ReceivedError, RPC_DOMAIN } from "./errors/error-info.ts";
export { rpcError, toConnectError } from "./errors/to-connect-error.ts";
export type { KeepaliveTimes } from "./grpc/keepalive.ts";
export { createGrpcServer, type GrpcServerOptions, type RpcServer } from "./grpc/server.ts";
export { createGrpcTransport, type GrpcTransportOptions } from "./grpc/transport.ts";
export { healthBinding } from "./health/health-service.ts";
export { HealthState, type Serving } from "./health/health-state.ts";
export type { DefaultTimeouts } from "./interceptors/client-deadline.ts";
export {
  type AdaptiveLimit,
  type ConcurrencyLimiter,
  type ConcurrencyLimits,
  createConcurrencyLimiter,
} from "./interceptors/concurrency-limiter.ts";
export { DependencyTracker } from "./interceptors/dependency-tracker.ts";
export {
  type ClientInterceptorOptions,
  clientInterceptors,
  type ServerInterceptorOptions,
  serverInterceptors,
} from "./interceptors/index.ts";
export type { DeadlinePolicy } from "./interceptors/server-deadline.ts";
export { type Authenticate, hasScope } from "./interceptors/server-principal.ts";
export {
  createPrincipalSigner,
  generatePrincipalKeys,
  type PrincipalSigner,
  type PrincipalSignerOptions,
} from "./principal/signer.ts";
export { PRINCIPAL_HEADER } from "./principal/token.ts";
export {
  createPrincipalVerifier,
  type PrincipalVerifier,
  type PrincipalVerifierOptions,
  tokenAuthenticator,
} from "./principal/verifier.ts";
export { reflectionBindings } from "./reflection/reflection-service.ts";
export type { CallScope, Principal, PrincipalCredential } from "./scope.ts";
