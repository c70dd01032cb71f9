import { defineErrors } from "@agentmesh/rpc/domain-error";

/** Everything cost refuses, once. Amounts in messages are US dollars. */
export const errors = defineErrors("cost.agentmesh", {
  BUDGET_EXCEEDED: {
    code: "RESOURCE_EXHAUSTED",
    message: "A spending limit would be exceeded: raise it, or wait until its window ends.",
    retryable: false,
  },
  INVALID_AMOUNT: {
    code: "INVALID_ARGUMENT",
    message: "An amount must be given and be between 0 and 9.0e15 nano-dollars.",
    retryable: false,
  },
  INVALID_REQUEST: {
    code: "INVALID_ARGUMENT",
    message: "A field of the request is missing, too long or out of its bounds.",
    retryable: false,
  },
  INVALID_LIMIT: {
    code: "INVALID_ARGUMENT",
    message: "A limit needs a scope that can be set, its subject, and an amount between 0 and 9.0e15 nano-dollars.",
    retryable: false,
  },
  TOO_MANY_LIMITS: {
    code: "RESOURCE_EXHAUSTED",
    message: "The tenant has as many limits of its own as it may have: remove one first.",
    retryable: false,
  },
  HOLD_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "There is no such hold, or it ended so long ago that it was forgotten.",
    retryable: false,
  },
  HOLD_CONFLICT: {
    code: "ALREADY_EXISTS",
    message: "The hold id is taken by a hold of another amount: use one id per charge.",
    retryable: false,
  },
  HOLD_RELEASED: {
    code: "FAILED_PRECONDITION",
    message: "The hold was released, so nothing can be charged to it any more.",
    retryable: false,
  },
  HOLD_SETTLED: {
    code: "FAILED_PRECONDITION",
    message: "The hold was settled, so it cannot be released any more.",
    retryable: false,
  },
  SETTLE_CONFLICT: {
    code: "ALREADY_EXISTS",
    message: "The hold was settled with another amount before; that amount stands.",
    retryable: false,
  },
  USAGE_TOO_LARGE: {
    code: "OUT_OF_RANGE",
    message: "The usage asked for has too many groups: narrow the time, or group otherwise.",
    retryable: false,
  },
  PRINCIPAL_REQUIRED: {
    code: "UNAUTHENTICATED",
    message: "The call carries no principal with a tenant and a user, so nobody can be charged.",
    retryable: false,
  },
});
