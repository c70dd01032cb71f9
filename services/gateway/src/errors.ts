import { defineErrors } from "@agentmesh/rpc/domain-error";

/** The errors of the public door. Those of the services behind it pass on unchanged. */
export const errors = defineErrors("gateway.agentmesh", {
  KEY_MISSING: {
    code: "UNAUTHENTICATED",
    message: "No API key: send it as `authorization: Bearer am_…` or as `x-api-key: am_…`.",
    retryable: false,
  },
  KEY_INVALID: {
    code: "UNAUTHENTICATED",
    message: "The API key is not valid. Check that it was copied whole.",
    retryable: false,
  },
  KEY_EXPIRED: {
    code: "UNAUTHENTICATED",
    message: "The API key has expired. Ask for a new one.",
    retryable: false,
  },
  KEY_REVOKED: {
    code: "UNAUTHENTICATED",
    message: "The API key was revoked. Ask for a new one.",
    retryable: false,
  },
  RATE_LIMITED: {
    code: "RESOURCE_EXHAUSTED",
    message: "Too many requests with this API key. Try again after the time given.",
    retryable: true,
  },
  INVALID_KEY_REQUEST: {
    code: "INVALID_ARGUMENT",
    message: "The request for a key is not valid.",
    retryable: false,
  },
  SCOPE_NOT_HELD: {
    code: "PERMISSION_DENIED",
    message: "A key can grant only scopes that its maker has.",
    retryable: false,
  },
  KEY_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "The tenant has no key of that id.",
    retryable: false,
  },
  KEY_ENDED: {
    code: "FAILED_PRECONDITION",
    message: "The key was revoked or has expired. Make a new one.",
    retryable: false,
  },
  TOO_MANY_KEYS: {
    code: "RESOURCE_EXHAUSTED",
    message: "The tenant has as many keys as it may have. Revoke some that are not used.",
    retryable: false,
  },
  INVALID_REQUEST: {
    code: "INVALID_ARGUMENT",
    message: "The request is not valid.",
    retryable: false,
  },
  INPUT_BLOCKED: {
    code: "INVALID_ARGUMENT",
    message: "The input was blocked by a guardrail.",
    retryable: false,
  },
  OUTPUT_BLOCKED: {
    code: "FAILED_PRECONDITION",
    message: "The model's answer was blocked by a guardrail.",
    retryable: false,
  },
});
