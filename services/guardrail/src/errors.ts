import { defineErrors } from "@agentmesh/rpc/domain-error";

/** Every error that guardrail throws on purpose. */
export const errors = defineErrors("guardrail.agentmesh", {
  POLICY_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "There is no guardrail policy of this name.",
    retryable: false,
  },
  INVALID_CONTENT: {
    code: "INVALID_ARGUMENT",
    message: "The content to check is not complete or not valid.",
    retryable: false,
  },
  CONTENT_TOO_LARGE: {
    code: "INVALID_ARGUMENT",
    message: "The content to check is too large; check it in parts.",
    retryable: false,
  },
  POLICIES_INVALID: {
    code: "FAILED_PRECONDITION",
    message: "The guardrail policies are not valid.",
    retryable: false,
  },
});
