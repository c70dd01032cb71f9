import { defineErrors } from "@agentmesh/rpc/domain-error";

/** Everything tool-registry refuses. What a model can correct itself is a result of the tool, not an error. */
export const errors = defineErrors("tool-registry.agentmesh", {
  INVALID_REQUEST: {
    code: "INVALID_ARGUMENT",
    message: "A field of the request is missing or too long.",
    retryable: false,
  },
  INVALID_SETTINGS: {
    code: "INVALID_ARGUMENT",
    message: "The agent's settings for the tool are not what the tool accepts: correct the agent.",
    retryable: false,
  },
  TOOL_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "There is no such tool: ListTools names all.",
    retryable: false,
  },
  TOOL_FORBIDDEN: {
    code: "PERMISSION_DENIED",
    message: "The principal lacks the scope that the tool requires.",
    retryable: false,
  },
  STEP_CONFLICT: {
    code: "ALREADY_EXISTS",
    message: "The step was executed with another tool, other arguments or for another user: a step key names one call.",
    retryable: false,
  },
  STEP_RUNNING: {
    code: "ABORTED",
    message: "The step is being executed elsewhere: repeat the call to get its result.",
    retryable: true,
  },
  UNCERTAIN: {
    code: "FAILED_PRECONDITION",
    message:
      "The tool was started for this step and its end is unknown; it has effects, so it does not run again by itself.",
    retryable: false,
  },
  INTERRUPTED: {
    code: "UNAVAILABLE",
    message:
      "The call was interrupted, because nobody waited for it any more or the service stops; it may be repeated.",
    retryable: true,
  },
  PRINCIPAL_REQUIRED: {
    code: "UNAUTHENTICATED",
    message: "The call carries no principal with a tenant and a user.",
    retryable: false,
  },
});
