import { describe, expect, it } from "vitest";
import { errorInfoOf } from "../errors/error-info.ts";
import type { Principal } from "../scope.ts";
import { createPrincipalSigner, generatePrincipalKeys } from "./signer.ts";
import { createPrincipalVerifier } from "./verifier.ts";

const keys = generatePrincipalKeys();
const ada: Principal = { tenant: "acme", user: "ada", keyId: "k-1", roles: ["admin"], scopes: ["agents:run"] };

function pair(start = 1_700_000_000_000) {
  let now = start;
  const clock = () => now;
  const signer = createPrincipalSigner({
    keyId: "k1",
    privateKey: keys.privateKey,
    lifetimeMs: 100_000,
    renewBelowMs: 20_000,
    clock,
  });
  const verifier = createPrincipalVerifier({ publicKeys: { k1: keys.publicKey }, clock, maxEntries: 2 });
  return { signer, verifier, pass: (ms: number) => (now += ms) };
}

function reasonOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return errorInfoOf(error)?.reason;
  }
}

describe("a principal token", () => {
  it("carries the principal to whoever knows the public key, and passes on unchanged", () => {
    const { signer, verifier } = pair();
    const token = signer.credential(ada).token();
    const received = verifier.verify(token);
    expect(received.principal).toEqual(ada);
    expect(received.token()).toBe(token);
  });

  it("is reused until it nears its expiry, also for an equal principal", () => {
    const { signer, pass } = pair();
    const token = signer.credential(ada).token();
    pass(79_000);
    expect(signer.credential({ ...ada }).token()).toBe(token);
    pass(2_000);
    expect(signer.credential(ada).token()).not.toBe(token);
  });

  it("is verified once and then remembered until it expires", () => {
    const { signer, verifier, pass } = pair();
    const token = signer.credential(ada).token();
    const first = verifier.verify(token);
    expect(verifier.verify(token)).toBe(first);
    pass(100_001);
    expect(reasonOf(() => verifier.verify(token))).toBe("PRINCIPAL_TOKEN_REFUSED");
  });

  it("is forgotten when many others come, and still accepted", () => {
    const { signer, verifier } = pair();
    const tokens = ["a", "b", "c"].map((user) => signer.credential({ ...ada, user }).token());
    const first = verifier.verify(tokens[0]!);
    for (const token of tokens) verifier.verify(token);
    expect(verifier.verify(tokens[0]!)).not.toBe(first);
    expect(verifier.verify(tokens[0]!).principal.user).toBe("a");
  });

  it("is refused with any one of its bits changed", () => {
    const { signer, verifier } = pair();
    const token = signer.credential(ada).token();
    for (let index = 0; index < token.length; index += 7) {
      const changed = token.slice(0, index) + (token[index] === "A" ? "B" : "A") + token.slice(index + 1);
      expect(reasonOf(() => verifier.verify(changed))).toBe("PRINCIPAL_TOKEN_REFUSED");
    }
  });

  it("is refused when another key signed it, known by the same name or unknown", () => {
    const { verifier } = pair();
    const other = generatePrincipalKeys().privateKey;
    for (const keyId of ["k1", "k2"]) {
      const token = createPrincipalSigner({ keyId, privateKey: other, clock: () => 1_700_000_000_000 })
        .credential(ada)
        .token();
      expect(reasonOf(() => verifier.verify(token))).toBe("PRINCIPAL_TOKEN_REFUSED");
    }
  });

  it("is refused when it comes from the future", () => {
    const { verifier } = pair();
    const token = pair(1_700_000_100_000).signer.credential(ada).token();
    expect(reasonOf(() => verifier.verify(token))).toBe("PRINCIPAL_TOKEN_REFUSED");
  });

  it.each(["", ".", "x", "e30.AAAA", "bnVsbA.AAAA", "W10.AAAA", `${"a".repeat(100_000)}.b`])(
    "is refused when it is no token: %.20s",
    (token) => {
      expect(reasonOf(() => pair().verifier.verify(token))).toBe("PRINCIPAL_TOKEN_REFUSED");
    },
  );

  it("cannot give its receiver more scopes: the principal is frozen", () => {
    const { signer, verifier } = pair();
    const { principal } = verifier.verify(signer.credential(ada).token());
    expect(() => (principal.scopes as string[]).push("*")).toThrow(TypeError);
  });
});
