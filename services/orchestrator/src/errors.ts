/** The errors of the orchestrator: those of its RPCs, and the reasons for which a run ends without an answer. */
import { defineErrors } from "@agentmesh/rpc/domain-error";

/** Everything the orchestrator refuses or fails with. */
export const errors = defineErrors("orchestrator.agentmesh", {
  AGENTS_INVALID: {
    code: "FAILED_PRECONDITION",
    message: "The files of the agents cannot be used.",
    retryable: false,
  },
  AGENT_NOT_FOUND: {
    code: "NOT_FOUND",
    message: "There is no agent with this id: ListAgents names those there are.",
    retryable: false,
  },
  INVALID_INPUT: { code: "INVALID_ARGUMENT", message: "The request is not valid; see its fields.", retryable: false },
  INPUT_BLOCKED: {
    code: "INVALID_ARGUMENT",
    message: "The input was blocked by a guardrail: change it.",
    retryable: false,
  },
  IDEMPOTENCY_KEY_REUSED: {
    code: "ALREADY_EXISTS",
    message: "The idempotency key was used for another request: choose a new one.",
    retryable: false,
  },
  QUEUE_FULL: { code: "RESOURCE_EXHAUSTED", message: "Too many runs are waiting: try again later.", retryable: true },
  RUN_NOT_FOUND: { code: "NOT_FOUND", message: "There is no run with this id that belongs to you.", retryable: false },
  INVALID_POSITION: {
    code: "OUT_OF_RANGE",
    message: "after_seq lies behind the last event of the run.",
    retryable: false,
  },
  INVALID_PAGE: { code: "INVALID_ARGUMENT", message: "The page token is not one of ours.", retryable: false },
  PRINCIPAL_REQUIRED: { code: "UNAUTHENTICATED", message: "The call carries no principal.", retryable: false },
  STOPPING: { code: "UNAVAILABLE", message: "This process is stopping: try again.", retryable: true },
  RUN_MOVED: {
    code: "UNAVAILABLE",
    message: "The run goes on in another process: watch it again after the last event you have.",
    retryable: true,
  },
  ITERATION_LIMIT: {
    code: "FAILED_PRECONDITION",
    message: "The agent found no answer within its limit of turns.",
    retryable: false,
  },
  RUN_TIMEOUT: { code: "DEADLINE_EXCEEDED", message: "The run took longer than it may.", retryable: true },
  OUTPUT_BLOCKED: { code: "FAILED_PRECONDITION", message: "The answer was blocked by a guardrail.", retryable: false },
  LOOP_DETECTED: {
    code: "FAILED_PRECONDITION",
    message: "The model called the same tool with the same arguments again and again.",
    retryable: false,
  },
  INVALID_MODEL_ANSWER: {
    code: "FAILED_PRECONDITION",
    message: "The model kept answering in a way that cannot be used.",
    retryable: true,
  },
  ANSWER_TRUNCATED: {
    code: "FAILED_PRECONDITION",
    message: "The model's answer was cut by its token limit.",
    retryable: false,
  },
  CONTENT_FILTERED: {
    code: "FAILED_PRECONDITION",
    message: "The provider's content filter refused to answer.",
    retryable: false,
  },
  TOOL_UNCERTAIN: {
    code: "FAILED_PRECONDITION",
    message: "Whether a tool took effect is not known, and it must not be repeated: look before you run it again.",
    retryable: false,
  },
  JOURNAL_MISMATCH: {
    code: "DATA_LOSS",
    message: "The run did not repeat what its journal has recorded, so it was stopped.",
    retryable: false,
  },
  AGENT_CHANGED: {
    code: "FAILED_PRECONDITION",
    message: "The version of the agent that started the run cannot be carried out any more.",
    retryable: true,
  },
  INTERNAL: { code: "INTERNAL", message: "The run failed by a fault of ours.", retryable: true },
  FENCED: { code: "ABORTED", message: "Another worker owns the run now.", retryable: false },
  SEQUENCE_CONFLICT: {
    code: "ABORTED",
    message: "The journal does not end where the writer expected.",
    retryable: false,
  },
});
