import { required_scope, unauthenticated } from "@agentmesh/contracts/type/v1/options";
import { events, type Logger } from "@agentmesh/telemetry";
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { principalKey } from "../call/call-values.ts";
import { errorInfoOf } from "../errors/error-info.ts";
import { rpcError } from "../errors/to-connect-error.ts";
import type { Principal, PrincipalCredential } from "../scope.ts";

type Request = UnaryRequest | StreamRequest;

/**
 * Finds out who calls: from the principal token inside the mesh, from an API key at the gateway.
 * @returns undefined when the request carries no proof at all
 * @throws an error with UNAUTHENTICATED for a proof that is wrong
 */
export type Authenticate = (
  request: Request,
) => PrincipalCredential | undefined | Promise<PrincipalCredential | undefined>;

/** What a method asks of its callers, as its contract says. */
interface Access {
  readonly open: boolean;
  readonly scope: string;
}

// gRPC's own services carry no options of ours and need no principal.
const EXEMPT = /^grpc\.(?:health|reflection)\./;

const known = new WeakMap<DescMethod, Access>();

function accessOf(method: DescMethod): Access {
  let access = known.get(method);
  if (access === undefined) {
    const open = getOption(method, unauthenticated) || EXEMPT.test(method.parent.typeName);
    access = { open, scope: getOption(method, required_scope) };
    known.set(method, access);
  }
  return access;
}

/**
 * Lets a call pass only with the principal and the scope that its contract asks for. In process the principal has come
 * with the call; otherwise `authenticate` finds it. Afterwards it is in the context values under `principalKey`.
 */
export function serverPrincipal(authenticate: Authenticate, logger: Logger): Interceptor {
  return (next) => (request) => {
    const access = accessOf(request.method);
    if (access.open) return next(request);
    const admit = (credential: PrincipalCredential | undefined) => {
      request.contextValues.set(principalKey, authorize(credential, access.scope));
      return next(request);
    };
    const refuse = (error: unknown): never => {
      logRefusal(logger, request, error);
      throw error;
    };
    try {
      const credential = request.contextValues.get(principalKey) ?? authenticate(request);
      if (!(credential instanceof Promise)) return admit(credential);
      return credential.then((found) => authorize(found, access.scope)).then(admit, refuse);
    } catch (error) {
      return refuse(error);
    }
  };
}

function authorize(credential: PrincipalCredential | undefined, scope: string): PrincipalCredential {
  if (credential === undefined)
    throw rpcError(Code.Unauthenticated, "UNAUTHENTICATED", "the call carries no credentials");
  if (!hasScope(credential.principal, scope)) {
    throw rpcError(Code.PermissionDenied, "SCOPE_MISSING", `the key lacks the scope "${scope}"`, {
      metadata: { scope },
    });
  }
  return credential;
}

/** Whether a principal may do what needs the scope. The empty scope is granted to everybody. */
export function hasScope({ scopes }: Principal, scope: string): boolean {
  return scope === "" || scopes.includes(scope) || scopes.includes("*");
}

function logRefusal(logger: Logger, request: Request, error: unknown): void {
  const refused =
    error instanceof ConnectError && (error.code === Code.Unauthenticated || error.code === Code.PermissionDenied);
  const info = errorInfoOf(error);
  if (!refused && info?.code !== Code.Unauthenticated && info?.code !== Code.PermissionDenied) return;
  const principal = request.contextValues.get(principalKey)?.principal;
  const fields = {
    reason: info?.reason ?? "UNAUTHENTICATED",
    rpc_method: request.method.name,
    tenant: principal?.tenant,
    key_id: principal?.keyId,
  };
  logger.event(events.accessDenied, fields);
}
