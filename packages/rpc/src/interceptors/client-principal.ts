import type { Interceptor } from "@connectrpc/connect";
import { principalKey } from "../call/call-values.ts";
import { PRINCIPAL_HEADER } from "../principal/token.ts";

/** Sends the principal's token with calls that leave the process. In process the principal itself goes along. */
export function clientPrincipal(): Interceptor {
  return (next) => (request) => {
    const credential = request.contextValues.get(principalKey);
    if (credential !== undefined) request.header.set(PRINCIPAL_HEADER, credential.token());
    return next(request);
  };
}
