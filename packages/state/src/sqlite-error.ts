import { errors } from "./errors.ts";

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html. */
const busy = 5;
const noMemory = 7;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

/** The primary result code of an error that node:sqlite threw; undefined for any other error. */
export function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  return error.errcode & 0xff;
}

/** Errors of the storage become errors of the catalogue; anything else (a constraint, a domain error) stays as it is. */
export function storageErrorOf(error: unknown, store: string): unknown {
  const make = catalogueEntry(resultCodeOf(error));
  return make === undefined ? error : make({ metadata: { store }, cause: error });
}

function catalogueEntry(code: number | undefined) {
  switch (code) {
    case busy:
      return errors.DATA_FOLDER_IN_USE;
    case full:
      return errors.STORAGE_FULL;
    case corrupt:
    case notADatabase:
      return errors.DATA_DAMAGED;
    case ioError:
    case readOnly:
    case cannotOpen:
    case noMemory:
      return errors.STORAGE_FAILED;
    default:
      return undefined;
  }
}
