import { errors } from "../errors.ts";
import type { Cursor } from "./session-store.ts";

/** Page tokens are opaque to clients: the kind of list and where the page before ended. */
export function encodePageToken(kind: string, cursor: Cursor | undefined): string {
  return cursor === undefined ? "" : Buffer.from(`${kind}:${cursor.join(",")}`).toString("base64url");
}

/**
 * Reads a token that `encodePageToken` made for the same kind of list.
 * @param parts how many numbers its cursors have
 * @throws INVALID_REQUEST for anything else
 */
export function decodePageToken(token: string, kind: string, parts: number): Cursor | undefined {
  if (token === "") return undefined;
  const [found, numbers] = Buffer.from(token.slice(0, 256), "base64url").toString("latin1").split(":");
  const cursor = numbers?.split(",").map((number) => (/^\d{1,16}$/.test(number) ? Number(number) : Number.NaN));
  if (found !== kind || cursor?.length !== parts || !cursor.every(Number.isSafeInteger)) {
    const description = "is not a token that this list gave out";
    throw errors.INVALID_REQUEST({
      message: `page_token ${description}.`,
      fields: [{ field: "page_token", description }],
    });
  }
  return cursor;
}
