import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../adapters/yaml/parse-policy.ts";
import { checkText } from "./check-text.ts";
import { compilePolicy } from "./policy.ts";
import { StreamChecker } from "./stream-checker.ts";
import { masked, transformerFor } from "./transform.ts";

const { definition, problems } = parsePolicy(`
name: transforms
rules:
  - { detectors: [pii.credit_card, pii.iban], stages: [output], action: mask }
  - { detectors: [pii.email], stages: [output], action: hash }
  - { detectors: [pii.ssn], stages: [output], action: redact }
`);
if (definition === undefined) throw new Error(problems.join("\n"));
const policy = compilePolicy(definition);
const key = Buffer.from("a key of this installation");
const acme = transformerFor(key, "acme");
const passed = (text: string, transformer = acme) =>
  checkText(policy, { stage: "output", text, transformer }).redactedText;

describe("what stands in place of personal data", () => {
  it("keeps the last four characters of a masked card", () => {
    expect(passed("card 4111 1111 1111 1111.")).toBe("card **** **** **** 1111.");
  });

  it("keeps nothing of a short value", () => {
    expect(masked("12-34")).toBe("**-**");
  });

  it("is the same hash for the same value of a tenant, however it is written, and another one elsewhere", () => {
    const hash = /^\[EMAIL_[0-9a-f]{16}\]$/;
    const first = passed("jane.roe@example.org");
    expect(first).toMatch(hash);
    expect(passed("Jane.Roe@Example.org")).toBe(first);
    expect(passed("jane.doe@example.org")).not.toBe(first);
    expect(passed("jane.roe@example.org", transformerFor(key, "other"))).not.toBe(first);
    expect(passed("jane.roe@example.org", transformerFor(Buffer.from("another key"), "acme"))).not.toBe(first);
  });

  it("is the kind of the value where no key is known", () => {
    expect(passed("jane.roe@example.org", transformerFor(undefined, "acme"))).toBe("[EMAIL_REDACTED]");
  });

  it("is the same in a stream, however it is cut", () => {
    const text =
      "Write jane.roe@example.org, pay 4111 1111 1111 1111 from DE89 3704 0044 0532 0130 00, SSN 521-44-9382.";
    const whole = passed(text);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const checker = new StreamChecker(policy, "output", { transformer: acme });
        const steps = places.slice(1).map((place, index) => checker.push(text.slice(places[index], place)).text);
        expect(steps.join("") + checker.end().text).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });
});
