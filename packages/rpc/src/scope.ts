/**
 * What a call carries besides its message, as plain types: the domain of a service may import this file and
 * nothing else of this package. `scopeOf(context)` makes one from a Connect handler context,
 * `callOptionsOf(scope)` turns one into the options of an outgoing call.
 */
import type { Span } from "@agentmesh/telemetry";

/** Who a call acts for, as authenticated once at the gateway. */
export interface Principal {
  readonly tenant: string;
  readonly user: string;
  /** Id (never the secret) of the API key that was used. */
  readonly keyId: string;
  readonly roles: readonly string[];
  /** What the key may do, for example "agents:run". "*" grants every scope. */
  readonly scopes: readonly string[];
}

/** A principal with its proof. In process the object itself travels; on the wire its token does. */
export interface PrincipalCredential {
  readonly principal: Principal;
  /** The signed token that other services accept. Signed on first use and remembered. */
  token(): string;
}

/** The scope of one call or one run: cancelled by `signal`, over at `deadline`, on behalf of `credential`. */
export interface CallScope {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch, or undefined when the caller set none. */
  readonly deadline: number | undefined;
  readonly credential: PrincipalCredential | undefined;
  /** The span under which work for this call is recorded. */
  readonly span: Span | undefined;
}
