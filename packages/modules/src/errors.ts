import { defineErrors } from "@agentmesh/rpc/domain-error";

/** What the runner itself answers with. */
export const errors = defineErrors("modules.agentmesh", {
  UNKNOWN_MODULE: {
    code: "NOT_FOUND",
    message: "This process runs no module of that name.",
    retryable: false,
  },
});
