import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Principal, PrincipalCredential } from "../scope.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { encodePayload } from "./token.ts";

/** Options of the signer, which only the gateway has. */
export interface PrincipalSignerOptions {
  /** Names the key for verifiers, so that keys can be changed without an outage. */
  readonly keyId: string;
  /** Ed25519, as an object or PEM (PKCS 8). */
  readonly privateKey: KeyObject | string;
  /** How long a token is good, in milliseconds. Default two hours. */
  readonly lifetimeMs?: number;
  /** A token with less left than this is not given out any more, in milliseconds. Default 70 minutes. */
  readonly renewBelowMs?: number;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** How many principals are remembered. Default 10,000. */
  readonly maxEntries?: number;
}

/** Makes credentials whose tokens other services accept. */
export interface PrincipalSigner {
  /** The credential of a principal; the same one again for an equal principal. Signs nothing yet. */
  credential(principal: Principal): PrincipalCredential;
}

// A signature costs half of what a whole proxied request does, so a token serves many calls. A run keeps the token it
// was started with and lasts an hour at most, so a token that is given out must be good for longer than that.
const LIFETIME_MS = 120 * 60_000;
const RENEW_BELOW_MS = 70 * 60_000;

/** Signs principals. A token is made when it is first needed and used until it nears its expiry. */
export function createPrincipalSigner(options: PrincipalSignerOptions): PrincipalSigner {
  const credentials = new BoundedCache<PrincipalCredential>(options.maxEntries ?? 10_000);
  const byIdentity = new WeakMap<Principal, PrincipalCredential>();
  const makeToken = tokenMaker(options);
  return {
    credential(principal) {
      const known = byIdentity.get(principal);
      if (known !== undefined) return known;
      const key = JSON.stringify([
        principal.tenant,
        principal.user,
        principal.keyId,
        principal.roles,
        principal.scopes,
      ]);
      const credential = credentials.get(key) ?? new SignedCredential(principal, makeToken);
      credentials.set(key, credential);
      byIdentity.set(principal, credential);
      return credential;
    },
  };
}

interface TimedToken {
  readonly text: string;
  /** When the next one is to be made, in milliseconds since the epoch. */
  readonly renewAt: number;
}

type MakeToken = (principal: Principal, current: TimedToken | undefined) => TimedToken;

function tokenMaker(options: PrincipalSignerOptions): MakeToken {
  const { keyId, privateKey, lifetimeMs = LIFETIME_MS, renewBelowMs = RENEW_BELOW_MS, clock = Date.now } = options;
  const key = typeof privateKey === "string" ? createPrivateKey(privateKey) : privateKey;
  return (principal, current) => {
    const now = clock();
    if (current !== undefined && now < current.renewAt) return current;
    const [iat, exp] = [Math.floor(now / 1000), Math.floor((now + lifetimeMs) / 1000)];
    const signed = encodePayload({ kid: keyId, iat, exp, principal });
    const signature = sign(null, Buffer.from(signed), key).toString("base64url");
    return { text: `${signed}.${signature}`, renewAt: now + lifetimeMs - renewBelowMs };
  };
}

class SignedCredential implements PrincipalCredential {
  readonly principal: Principal;
  readonly #make: MakeToken;
  #current: TimedToken | undefined;

  constructor(principal: Principal, make: MakeToken) {
    this.principal = principal;
    this.#make = make;
  }

  token(): string {
    this.#current = this.#make(this.principal, this.#current);
    return this.#current.text;
  }
}

/** A new pair of keys in PEM: the private one for the gateway, the public one for everybody else. */
export function generatePrincipalKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
}
