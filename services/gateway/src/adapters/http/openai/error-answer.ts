import { BadRequestSchema } from "@agentmesh/contracts/google/rpc/error_details";
import type { RunError } from "@agentmesh/contracts/orchestrator/v1/run";
import { errorInfoOf, toConnectError } from "@agentmesh/rpc";
import { Code, type ConnectError } from "@connectrpc/connect";
import { HttpProblem, type ProblemDetails } from "./problem.ts";

/** HTTP status and OpenAI's kind of error for a gRPC code. 499 is nginx's: the client has closed the request. */
const KINDS: Readonly<Record<Code, readonly [status: number, type: string]>> = {
  [Code.Canceled]: [499, "request_cancelled"],
  [Code.Unknown]: [500, "server_error"],
  [Code.InvalidArgument]: [400, "invalid_request_error"],
  [Code.DeadlineExceeded]: [504, "timeout_error"],
  [Code.NotFound]: [404, "invalid_request_error"],
  [Code.AlreadyExists]: [409, "conflict_error"],
  [Code.PermissionDenied]: [403, "permission_error"],
  [Code.ResourceExhausted]: [429, "rate_limit_error"],
  [Code.FailedPrecondition]: [400, "invalid_request_error"],
  [Code.Aborted]: [409, "conflict_error"],
  [Code.OutOfRange]: [400, "invalid_request_error"],
  [Code.Unimplemented]: [501, "invalid_request_error"],
  [Code.Internal]: [500, "server_error"],
  [Code.Unavailable]: [503, "server_error"],
  [Code.DataLoss]: [500, "server_error"],
  [Code.Unauthenticated]: [401, "authentication_error"],
};

/** Where OpenAI's clients know a word of their own, or a code says too little. */
interface Exception {
  readonly code?: string;
  readonly status?: number;
  readonly type?: string;
}

const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  KEY_MISSING: { code: "invalid_api_key" },
  KEY_INVALID: { code: "invalid_api_key" },
  RATE_LIMITED: { code: "rate_limit_exceeded" },
  PROVIDER_RATE_LIMITED: { code: "rate_limit_exceeded" },
  BUDGET_EXCEEDED: { code: "insufficient_quota", status: 429, type: "insufficient_quota" },
  OVERLOADED: { status: 503, type: "server_error" },
  QUEUE_FULL: { status: 503, type: "server_error" },
  STORAGE_FULL: { status: 503, type: "server_error" },
  MESSAGE_TOO_LARGE: { code: "request_too_large", status: 413, type: "invalid_request_error" },
  CONTENT_TOO_LARGE: { code: "request_too_large", status: 413, type: "invalid_request_error" },
  PROMPT_TOO_LONG: { code: "context_length_exceeded", status: 400, type: "invalid_request_error" },
  INPUT_BLOCKED: { code: "content_filter", status: 400, type: "invalid_request_error" },
  OUTPUT_BLOCKED: { code: "content_filter", status: 400, type: "invalid_request_error" },
  AGENT_NOT_FOUND: { code: "model_not_found" },
  PROVIDER_TIMEOUT: { status: 504, type: "timeout_error" },
  RUN_TIMEOUT: { status: 504, type: "timeout_error" },
};

/** Headers that an error's metadata may hand on to the HTTP answer. */
const HANDED_ON = /^x-(?:ratelimit|agentmesh)-/;

/** Any thrown value as a problem of the request. What nobody meant to send arrives here already neutral. */
export function problemOf(thrown: unknown): HttpProblem {
  if (thrown instanceof HttpProblem) return thrown;
  const error = toConnectError(thrown);
  const { reason = "UNKNOWN", retryAfterMs } = errorInfoOf(error) ?? {};
  const [status, type] = KINDS[error.code] ?? KINDS[Code.Unknown];
  const headers = { ...handedOn(error), ...retryHeaders(retryAfterMs), "x-agentmesh-error-reason": reason };
  return problem(error.rawMessage, { reason, status, type, param: paramOf(error), headers });
}

/** A run that ended without an answer, as a problem. */
export function problemOfRun(error: RunError | undefined, headers: Readonly<Record<string, string>>): HttpProblem {
  const { reason = "RUN_CANCELLED", message = "The run was cancelled.", retryable = false } = error ?? {};
  const status = error === undefined ? 499 : retryable ? 503 : 500;
  return problem(message, {
    reason,
    status,
    type: "agent_error",
    param: null,
    headers: { ...headers, "x-agentmesh-error-reason": reason },
  });
}

interface Described extends Omit<ProblemDetails, "code"> {
  readonly reason: string;
}

function problem(message: string, { reason, ...described }: Described): HttpProblem {
  const { code = reason.toLowerCase(), status = described.status, type = described.type } = EXCEPTIONS[reason] ?? {};
  return new HttpProblem(message, { ...described, code, status, type });
}

function handedOn(error: ConnectError): Record<string, string> {
  const headers: Record<string, string> = {};
  error.metadata.forEach((value, name) => {
    if (HANDED_ON.test(name)) headers[name] = value;
  });
  return headers;
}

function retryHeaders(retryAfterMs: number | undefined): Record<string, string> {
  if (retryAfterMs === undefined) return {};
  const milliseconds = Math.ceil(retryAfterMs);
  return { "retry-after": String(Math.ceil(milliseconds / 1000)), "retry-after-ms": String(milliseconds) };
}

// The owners name fields of their own messages: what they call prompt is the body here.
function paramOf(error: ConnectError): string | null {
  const field = error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field;
  return field === undefined ? null : field.replace(/^prompt\./, "");
}

/** The body of an error answer. */
export function errorBody({ message, details }: HttpProblem): string {
  const { type, code, param } = details;
  return JSON.stringify({ error: { message, type, code, param } });
}
