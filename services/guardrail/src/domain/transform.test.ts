import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../adapters/yaml/parse-policy.ts";
import { checkText } from "./check-text.ts";
import { compilePolicy } from "./policy.ts";
import { StreamChecker } from "./stream-checker.ts";
import { MAX_TOKENS, restore, TokenTable } from "./token-table.ts";
import { masked, transformerFor } from "./transform.ts";

const { definition, problems } = parsePolicy(`
name: transforms
rules:
  - { detectors: [pii.credit_card, pii.iban], stages: [output], action: mask }
  - { detectors: [pii.email], stages: [output], action: hash }
  - { detectors: [pii.ssn], stages: [output], action: redact }
  - { detectors: [pii.email, pii.phone], stages: [input], action: tokenise }
`);
if (definition === undefined) throw new Error(problems.join("\n"));
const policy = compilePolicy(definition);
const key = Buffer.from("a key of this installation");
const acme = transformerFor({ key, tenant: "acme" });
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
    expect(passed("jane.roe@example.org", transformerFor({ key, tenant: "other" }))).not.toBe(first);
    expect(
      passed("jane.roe@example.org", transformerFor({ key: Buffer.from("another key"), tenant: "acme" })),
    ).not.toBe(first);
  });

  it("is the kind of the value where no key is known", () => {
    expect(passed("jane.roe@example.org", transformerFor({ tenant: "acme" }))).toBe("[EMAIL_REDACTED]");
  });

  it("is a placeholder for which the conversation gets the value back", () => {
    const first = new TokenTable([]);
    const told = checkText(policy, {
      stage: "input",
      text: "Write to jane@example.org and tom@example.org, not jane@example.org.",
      transformer: transformerFor({ tokens: first }),
    });
    expect(told.redactedText).toBe("Write to [EMAIL_1] and [EMAIL_2], not [EMAIL_1].");
    const next = new TokenTable(first.added);
    const later = checkText(policy, {
      stage: "input",
      text: "Also tom@example.org, call +44 20 7946 0958, ann@example.org",
      transformer: transformerFor({ tokens: next }),
    });
    expect(later.redactedText).toBe("Also [EMAIL_2], call [PHONE_1], [EMAIL_3]");
    const all = [...first.added, ...next.added];
    expect(restore("Dear [EMAIL_3], [EMAIL_1] and [EMAIL_9]", all)).toBe(
      "Dear ann@example.org, jane@example.org and [EMAIL_9]",
    );
    expect(restore("[EMAIL_1]", [{ placeholder: "[EMAIL_1]", value: "[EMAIL_2]" }, ...all.slice(1)])).toBe("[EMAIL_2]");
  });

  it("is the kind of the value once a conversation holds too many", () => {
    const full = new TokenTable(
      Array.from({ length: MAX_TOKENS }, (_, i) => ({ placeholder: `[EMAIL_${i + 1}]`, value: `${i}@example.org` })),
    );
    const transformer = transformerFor({ tokens: full });
    const { redactedText } = checkText(policy, { stage: "input", text: "7@example.org new@example.org", transformer });
    expect(redactedText).toBe("[EMAIL_8] [EMAIL_REDACTED]");
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
