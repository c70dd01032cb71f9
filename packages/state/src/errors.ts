import { defineErrors } from "@agentmesh/rpc/domain-error";

/** What a store can fail with, whatever the service. Messages name the file's base name, never a path of the machine. */
export const errors = defineErrors("state.agentmesh", {
  DATA_FOLDER_IN_USE: {
    code: "FAILED_PRECONDITION",
    message: "Another process has the data folder open: stop it, or set AGENTMESH_DATA_DIR to another folder.",
    retryable: false,
  },
  DATA_NEWER_THAN_CODE: {
    code: "FAILED_PRECONDITION",
    message: "The database was written by a newer version: start that version, or use another data folder.",
    retryable: false,
  },
  DATA_DAMAGED: {
    code: "DATA_LOSS",
    message: "The database file is damaged or is no database: restore it from a backup, or move it away.",
    retryable: false,
  },
  STORAGE_FULL: {
    code: "RESOURCE_EXHAUSTED",
    message: "The disk or the database's size limit is full; nothing of this call was stored.",
    retryable: true,
  },
  STORAGE_FAILED: {
    code: "UNAVAILABLE",
    message: "The disk refused to read or write; nothing of this call was stored.",
    retryable: true,
  },
  STORAGE_CLOSED: {
    code: "UNAVAILABLE",
    message: "The store is closed because the service is stopping.",
    retryable: true,
  },
});
