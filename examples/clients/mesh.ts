/** Where the mesh is and with which key the examples call it. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** The gateway's gRPC port as "host:port". */
export const grpcAddress = process.env.AGENTMESH_API_ADDRESS ?? "127.0.0.1:7100";

/** The gateway's HTTP port as a URL. */
export const httpUrl = process.env.AGENTMESH_API_URL ?? "http://127.0.0.1:7180";

/**
 * The API key: from a file that is named, from AGENTMESH_API_KEY, or from the data folder of `npm start`.
 * @throws Error that says what to do when there is none
 */
export function readKey(file?: string): string {
  const named = file ?? process.env.AGENTMESH_API_KEY_FILE;
  if (named === undefined && process.env.AGENTMESH_API_KEY) return process.env.AGENTMESH_API_KEY;
  const path = named ?? join(process.env.AGENTMESH_DATA_DIR ?? join(root, ".data"), "admin-key");
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  throw new Error(`There is no API key in ${path}. Start the mesh with "npm start", or set AGENTMESH_API_KEY.`);
}

/** Ends the process with what went wrong, in words. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
