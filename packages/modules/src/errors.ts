import { defineErrors } from "@agentmesh/rpc/domain-error";

/** What the runner itself answers with. */
export const errors = defineErrors("modules.agentmesh", {
  UNKNOWN_MODULE: {
    code: "NOT_FOUND",
    message: "This process runs no module of that name.",
    retryable: false,
  },
  PORT_IN_USE: {
    code: "FAILED_PRECONDITION",
    message:
      "Another process uses the port: stop it, or set AGENTMESH_<SERVICE>_GRPC_PORT or _HTTP_PORT to another one.",
    retryable: false,
  },
});
