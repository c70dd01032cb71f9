import { Code } from "@connectrpc/connect";
import { rpcError } from "../errors/to-connect-error.ts";
import type { Principal } from "../scope.ts";

/** The header in which a principal's token travels inside the mesh. */
export const PRINCIPAL_HEADER = "agentmesh-principal";

/** What a token says. Times in seconds since the epoch, as in a JWT. */
export interface TokenPayload {
  /** Which of the gateway's keys signed it. */
  readonly kid: string;
  readonly iat: number;
  readonly exp: number;
  readonly principal: Principal;
}

/** A token taken apart; its signature is not checked yet. */
export interface ParsedToken {
  readonly payload: TokenPayload;
  /** What was signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

// More than any principal needs; a longer token is refused before it is looked at.
const MAX_TOKEN_LENGTH = 8 * 1024;

/** The part of a token that is signed. */
export function encodePayload({ kid, iat, exp, principal }: TokenPayload): string {
  const { tenant, user, keyId, roles, scopes } = principal;
  return Buffer.from(JSON.stringify({ kid, iat, exp, tenant, user, keyId, roles, scopes })).toString("base64url");
}

/** @throws ConnectError UNAUTHENTICATED for anything that is not a token */
export function parseToken(token: string): ParsedToken {
  const dot = token.indexOf(".");
  if (token.length > MAX_TOKEN_LENGTH || dot < 0) throw badToken("it is not a token");
  const signed = token.slice(0, dot);
  const payload = parsePayload(signed);
  if (payload === undefined) throw badToken("it is not a token");
  return { payload, signed: Buffer.from(signed), signature: Buffer.from(token.slice(dot + 1), "base64url") };
}

/** The error for a token that is not accepted. The token itself is never repeated. */
export function badToken(why: string) {
  return rpcError(Code.Unauthenticated, "PRINCIPAL_TOKEN_REFUSED", `the principal token is not accepted: ${why}`);
}

function parsePayload(text: string): TokenPayload | undefined {
  try {
    const { kid, iat, exp, ...rest }: Record<string, unknown> = JSON.parse(Buffer.from(text, "base64url").toString());
    const principal = asPrincipal(rest);
    if (typeof kid !== "string" || typeof iat !== "number" || typeof exp !== "number" || principal === undefined)
      return undefined;
    return { kid, iat, exp, principal };
  } catch {
    return undefined;
  }
}

function asPrincipal({ tenant, user, keyId, roles, scopes }: Record<string, unknown>): Principal | undefined {
  if (typeof tenant !== "string" || typeof user !== "string" || typeof keyId !== "string") return undefined;
  if (!isTexts(roles) || !isTexts(scopes)) return undefined;
  return Object.freeze({ tenant, user, keyId, roles: Object.freeze(roles), scopes: Object.freeze(scopes) });
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
