import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Authenticate } from "../interceptors/server-principal.ts";
import type { Principal, PrincipalCredential } from "../scope.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { badToken, PRINCIPAL_HEADER, parseToken } from "./token.ts";

/** Options of the verifier, which every service behind the gateway has. */
export interface PrincipalVerifierOptions {
  /** Public keys (Ed25519, objects or PEM) by key id. Several, so that keys can be changed without an outage. */
  readonly publicKeys: Readonly<Record<string, KeyObject | string>>;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** How many verified tokens are remembered. Default 10,000. */
  readonly maxEntries?: number;
}

/** Checks tokens. */
export interface PrincipalVerifier {
  /** @throws ConnectError UNAUTHENTICATED for a token that is forged, expired, from the future or signed by an unknown key */
  verify(token: string): PrincipalCredential;
}

// Clocks of machines differ a little.
const CLOCK_SKEW_S = 30;

/** Verifies principal tokens and remembers those it accepted until they expire: a signature is checked once. */
export function createPrincipalVerifier(options: PrincipalVerifierOptions): PrincipalVerifier {
  const { publicKeys, clock = Date.now, maxEntries = 10_000 } = options;
  const keys = new Map(
    Object.entries(publicKeys).map(([id, key]) => [id, typeof key === "string" ? createPublicKey(key) : key]),
  );
  const accepted = new BoundedCache<ReceivedCredential>(maxEntries);
  return {
    verify(token) {
      const now = clock() / 1000;
      const known = accepted.get(token);
      if (known !== undefined && now < known.expires) return known;
      accepted.delete(token);
      const credential = check(token, keys, now);
      accepted.set(token, credential);
      return credential;
    },
  };
}

function check(token: string, keys: ReadonlyMap<string, KeyObject>, now: number): ReceivedCredential {
  const { payload, signed, signature } = parseToken(token);
  const key = keys.get(payload.kid);
  if (key === undefined) throw badToken("its key is not known here");
  if (!verify(null, signed, key, signature)) throw badToken("its signature is wrong");
  if (payload.exp <= now) throw badToken("it has expired");
  if (payload.iat > now + CLOCK_SKEW_S) throw badToken("it is from the future");
  return new ReceivedCredential(payload.principal, token, payload.exp);
}

/** Passes its token on as it came: only the gateway can make a new one. */
class ReceivedCredential implements PrincipalCredential {
  readonly principal: Principal;
  readonly expires: number;
  readonly #token: string;

  constructor(principal: Principal, token: string, expires: number) {
    this.principal = principal;
    this.#token = token;
    this.expires = expires;
  }

  token(): string {
    return this.#token;
  }
}

/** Authenticates by the token that the gateway sends along. */
export function tokenAuthenticator(verifier: PrincipalVerifier): Authenticate {
  return (request) => {
    const token = request.header.get(PRINCIPAL_HEADER);
    return token === null ? undefined : verifier.verify(token);
  };
}
