import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterEach, describe, expect, it } from "vitest";
import { loadPrincipalKeys } from "./principal-keys.ts";

const folder = temporaryDirectory();
const none = { privateKey: undefined, publicKeys: undefined, dataDirectory: folder.path, signs: true };
const pem = () =>
  generateKeyPairSync("ed25519", {
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });

afterEach(() => folder.remove());

describe("the keys of a mesh", () => {
  it("come from the settings, several public ones included", () => {
    const [current, old] = [pem(), pem()];
    const publicKeys = `${current.publicKey}${old.publicKey}`;
    const keys = loadPrincipalKeys({ ...none, privateKey: current.privateKey, publicKeys });
    expect(keys.publicKeys.map((key) => key.export({ type: "spki", format: "pem" }))).toEqual([
      current.publicKey,
      old.publicKey,
    ]);
  });

  it("need only the private one: its public part is accepted", () => {
    const { privateKey, publicKey } = pem();
    const keys = loadPrincipalKeys({ ...none, privateKey });
    expect(keys.publicKeys[0]?.equals(createPublicKey(publicKey))).toBe(true);
  });

  it("are not given to a process that does not sign", () => {
    expect(loadPrincipalKeys({ ...none, privateKey: pem().privateKey, signs: false }).privateKey).toBeUndefined();
  });

  it("are refused when they are no Ed25519 keys, or when a signer has only public ones", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" });
    expect(() => loadPrincipalKeys({ ...none, privateKey: String(rsa) })).toThrow("must be an Ed25519 key");
    expect(() => loadPrincipalKeys({ ...none, publicKeys: "nonsense", signs: false })).toThrow(
      "must be an Ed25519 key",
    );
    expect(() => loadPrincipalKeys({ ...none, publicKeys: pem().publicKey })).toThrow(
      "AGENTMESH_PRINCIPAL_PRIVATE_KEY must be set",
    );
  });
});
