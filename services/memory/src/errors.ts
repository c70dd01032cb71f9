import { defineErrors } from "@agentmesh/rpc/domain-error";

/** Every error that memory throws on purpose. */
export const errors = defineErrors("memory.agentmesh", {
  PRINCIPAL_REQUIRED: {
    code: "UNAUTHENTICATED",
    message: "Memory belongs to a user of a tenant; the call names none.",
    retryable: false,
  },
  INVALID_REQUEST: {
    code: "INVALID_ARGUMENT",
    message: "The request is not valid.",
    retryable: false,
  },
  SESSION_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "There is no such session; it was deleted, has expired or never existed.",
    retryable: false,
  },
  VERSION_CONFLICT: {
    code: "ABORTED",
    message: "The session has changed since it was read; read it again and decide anew.",
    retryable: false,
  },
  SESSION_FULL: {
    code: "RESOURCE_EXHAUSTED",
    message: "The session holds as many messages as it can; start a new one.",
    retryable: false,
  },
  TOO_MANY_SESSIONS: {
    code: "RESOURCE_EXHAUSTED",
    message: "The user has as many sessions as one can have; delete some or wait until they expire.",
    retryable: false,
  },
  INVALID_MESSAGE: {
    code: "INVALID_ARGUMENT",
    message: "A message of the turn cannot be stored.",
    retryable: false,
  },
  INVALID_MEMORY: {
    code: "INVALID_ARGUMENT",
    message: "What is to be remembered is not valid.",
    retryable: false,
  },
  INVALID_QUERY: {
    code: "INVALID_ARGUMENT",
    message: "The query is not valid.",
    retryable: false,
  },
  MEMORY_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "There is no such memory.",
    retryable: false,
  },
  MEMORY_FULL: {
    code: "RESOURCE_EXHAUSTED",
    message: "The collection holds as many memories as it can; forget some.",
    retryable: false,
  },
  EMBEDDING_MODEL_MISMATCH: {
    code: "FAILED_PRECONDITION",
    message:
      "The collection was made with another embedding model, so its vectors cannot be compared. Use that model, or forget the collection's memories and store them again.",
    retryable: false,
  },
  EMBEDDING_UNUSABLE: {
    code: "UNAVAILABLE",
    message: "The embedding model answered with something that is no vector.",
    retryable: true,
  },
});
