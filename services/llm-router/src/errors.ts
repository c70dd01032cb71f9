import { defineErrors } from "@agentmesh/rpc/domain-error";

/** Why the llm-router refuses or fails a call. Provider texts never appear in a message: they may hold keys or addresses. */
export const errors = defineErrors("llm-router.agentmesh", {
  INVALID_PROMPT: {
    code: "INVALID_ARGUMENT",
    message: "the prompt is not valid; the field violations say what to change",
    retryable: false,
  },
  INVALID_INPUT: {
    code: "INVALID_ARGUMENT",
    message: "the texts to embed are not valid; the field violations say what to change",
    retryable: false,
  },
  MODEL_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "no such model in the catalogue; ListModels names those that can be asked",
    retryable: false,
  },
  PROMPT_TOO_LONG: {
    code: "INVALID_ARGUMENT",
    message: "the prompt and the wished answer do not fit into the model's context",
    retryable: false,
  },
  PROVIDER_RATE_LIMITED: {
    code: "RESOURCE_EXHAUSTED",
    message: "the model's provider limits our rate; try again later",
    retryable: true,
  },
  PROVIDER_UNAVAILABLE: {
    code: "UNAVAILABLE",
    message: "the model's provider does not answer; try again later",
    retryable: true,
  },
  PROVIDER_REJECTED: {
    code: "FAILED_PRECONDITION",
    message: "the model's provider refused the request",
    retryable: false,
  },
  PROVIDER_TIMEOUT: {
    code: "DEADLINE_EXCEEDED",
    message: "the model's provider took too long",
    retryable: true,
  },
  PROVIDER_PROTOCOL_ERROR: {
    code: "UNAVAILABLE",
    message: "the model's provider sent an answer that is cut or cannot be understood",
    retryable: true,
  },
  STREAM_INTERRUPTED: {
    code: "ABORTED",
    message: "the model's provider broke off in the middle of its answer; what was streamed so far is incomplete",
    retryable: true,
  },
});
