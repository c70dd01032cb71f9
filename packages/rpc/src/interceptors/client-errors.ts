import type { Interceptor } from "@connectrpc/connect";
import { toConnectError } from "../errors/to-connect-error.ts";
import { attempt, translateMessages } from "./translate-errors.ts";

/**
 * Outermost on every client: errors with an ErrorInfo pass unchanged, so that they can pass on through the next
 * service too; errors of the transport get one named after their code.
 */
export function clientErrors(): Interceptor {
  const translate = (thrown: unknown): never => {
    throw toConnectError(thrown);
  };
  return (next) => (request) => {
    return attempt(next, request).then(
      (response) => (response.stream ? translateMessages(response, translate) : response),
      translate,
    );
  };
}
