import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import {
  type Authenticate,
  createPrincipalSigner,
  createPrincipalVerifier,
  type PrincipalSigner,
  tokenAuthenticator,
} from "@agentmesh/rpc";
import type { Module } from "./module.ts";
import { loadPrincipalKeys } from "./principal-keys.ts";
import type { ProcessConfig } from "./process-config.ts";

/** How a process checks principals that other processes vouch for, and how it vouches for its own. */
export interface Principals {
  readonly authenticate: Authenticate;
  /** Undefined when no module of the process signs. */
  readonly signer: PrincipalSigner | undefined;
}

/** Principals as the settings and the data folder say. */
export function openPrincipals(config: ProcessConfig, modules: readonly Module[], clock: () => number): Principals {
  const { publicKeys, privateKey } = loadPrincipalKeys({
    privateKey: config.shared.principalPrivateKey,
    publicKeys: config.shared.principalPublicKeys,
    dataDirectory: config.dataDirectory,
    signs: modules.some(({ signsPrincipals }) => signsPrincipals === true),
  });
  const byId = Object.fromEntries(publicKeys.map((key) => [keyIdOf(key), key]));
  const verifier = createPrincipalVerifier({ publicKeys: byId, clock });
  const signer =
    privateKey && createPrincipalSigner({ privateKey, keyId: keyIdOf(createPublicKey(privateKey)), clock });
  return { authenticate: tokenAuthenticator(verifier), signer };
}

/** Names a key. The same for everybody who has it, so it needs no setting: the start of the key's hash. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16);
}
