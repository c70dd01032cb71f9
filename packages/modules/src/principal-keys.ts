import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@agentmesh/config";

/** The keys of a process: which signatures it accepts, and the one it signs with if it may. */
export interface PrincipalKeys {
  readonly publicKeys: readonly KeyObject[];
  readonly privateKey: KeyObject | undefined;
}

/** Where keys come from. */
export interface PrincipalKeySource {
  /** PEM text of the settings. */
  readonly privateKey: string | undefined;
  readonly publicKeys: string | undefined;
  /** Holds the files of a mesh on one machine: whoever starts first makes them. */
  readonly dataDirectory: string;
  /** Whether this process signs. */
  readonly signs: boolean;
}

const privateName = "principal-key.pem";
const publicName = "principal-public-keys.pem";

/**
 * The keys from the settings, or from the data folder.
 * @throws ConfigError when a key is no Ed25519 key in PEM
 */
export function loadPrincipalKeys(source: PrincipalKeySource): PrincipalKeys {
  if (source.privateKey === undefined && source.publicKeys === undefined) return keysOfFolder(source);
  if (source.publicKeys !== undefined && source.privateKey === undefined && source.signs) {
    const message = "must be set where AGENTMESH_PRINCIPAL_PUBLIC_KEYS is, because this process signs principals";
    throw new ConfigError([{ env: "AGENTMESH_PRINCIPAL_PRIVATE_KEY", message }]);
  }
  const privateKey = source.privateKey === undefined ? undefined : readPrivateKey(source.privateKey);
  const publicKeys =
    source.publicKeys === undefined && privateKey !== undefined
      ? [createPublicKey(privateKey)]
      : readPublicKeys(source.publicKeys ?? "");
  return { publicKeys, privateKey: source.signs ? privateKey : undefined };
}

function keysOfFolder({ dataDirectory, signs }: PrincipalKeySource): PrincipalKeys {
  const privateFile = join(dataDirectory, privateName);
  const publicFile = join(dataDirectory, publicName);
  createOnce(privateFile, () => generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  const privateKey = readPrivateKey(readFileSync(privateFile, "utf8"));
  createOnce(publicFile, () => createPublicKey(privateKey).export({ type: "spki", format: "pem" }));
  return {
    publicKeys: readPublicKeys(readFileSync(publicFile, "utf8")),
    privateKey: signs ? privateKey : undefined,
  };
}

/** Writes a file that must not exist half-written and must not be written twice, whoever else tries. */
function createOnce(file: string, content: () => string | Buffer): void {
  const draft = `${file}.${process.pid}`;
  if (existsSync(file)) return;
  writeFileSync(draft, content(), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    unlinkSync(draft);
  }
}

function readPrivateKey(pem: string): KeyObject {
  return ed25519("AGENTMESH_PRINCIPAL_PRIVATE_KEY", () => createPrivateKey(pem));
}

function readPublicKeys(pems: string): KeyObject[] {
  const blocks = pems.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [""];
  return blocks.map((pem) => ed25519("AGENTMESH_PRINCIPAL_PUBLIC_KEYS", () => createPublicKey(pem)));
}

function ed25519(env: string, read: () => KeyObject): KeyObject {
  const key = attempt(read);
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new ConfigError([{ env, message: "must be an Ed25519 key in PEM (openssl genpkey -algorithm ed25519)" }]);
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
