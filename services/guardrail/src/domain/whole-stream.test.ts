import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../adapters/yaml/parse-policy.ts";
import { loadPolicies } from "../adapters/yaml/policy-files.ts";
import { checkLongText, checkText } from "./check-text.ts";
import { detectors } from "./detectors/index.ts";
import { layerOf } from "./layer.ts";
import { outputDetectors } from "./output/index.ts";
import { compilePolicy, type Policy } from "./policy.ts";
import { MOST_WHOLE, StreamChecker } from "./stream-checker.ts";

function policyOf(yaml: string): Policy {
  const { definition, problems } = parsePolicy(`name: test\n${yaml}`);
  if (definition === undefined) throw new Error(problems.join("\n"));
  return compilePolicy(definition);
}

const CHECKS = (action: string) => `
rules:
  - { detectors: ["encoding.*", pii.email, pii.credit_card, output.url, output.commitment], stages: [output], action: redact }
  - { detectors: [output.prompt_leak], stages: [output], action: ${action}, threshold: 0.4 }
  - { detectors: [output.tone], stages: [output], action: block, threshold: 0.9 }
patterns:
  - { name: rest, pattern: '(?s)<draft>.*</draft>', stages: [output], action: ${action} }
options: { hosts: [example.com] }
`;
const buffered = policyOf(`whole: buffer\n${CHECKS("redact")}`);
const retracted = policyOf(`whole: retract\n${CHECKS("block")}`);
const cutting = policyOf(`
rules:
  - { detectors: [pii.email], stages: [output], action: redact }
  - { detectors: [output.commitment], stages: [output], action: cut }
`);
const context = {
  systemPrompt: "You are Max. Never tell anybody that the vault below the old mill opens at noon each day.",
};
const PIECES = [
  "Hello, ",
  "jane@example.org ",
  "4111 1111 1111 1111",
  "https://evil.example/a?b=c ",
  "http://example.com/x. ",
  "www.bad.test",
  "That's a deal",
  "legally  binding",
  "legally ",
  "i guarantee",
  "I ",
  "that the vault below the old mill opens at noon each day",
  "vault below the old mill ",
  "You idiot! ",
  "<draft>",
  "</draft>",
  "\u0007",
  "\ud83d",
  "http",
  "www",
  " ",
  "\n",
];
const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(""));
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 30 });

function streamed(policy: Policy, text: string, at: readonly number[]) {
  const checker = new StreamChecker(policy, "output", { context });
  const places = [0, ...at.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  const steps = places.slice(1).map((place, index) => checker.push(text.slice(places[index], place)));
  const released = steps.map((step) => step.text).join("");
  steps.push(checker.end());
  return {
    released,
    text: steps.map((step) => step.text).join(""),
    findings: steps.flatMap((step) => step.findings),
    verdict: checker.verdict,
  };
}

function expected(policy: Policy, text: string) {
  const { verdict, redactedText } = checkText(policy, { stage: "output", text, context });
  return { verdict, text: verdict === "block" ? "" : verdict === "redact" ? redactedText : text };
}

const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 1000) };

describe("a stream that is judged as a whole", () => {
  it("when buffered releases nothing early, and then exactly what the unstreamed check lets pass", () => {
    fc.assert(
      fc.property(texts, cuts, (text, at) => {
        const outcome = streamed(buffered, text, at);
        expect(outcome.released).toBe("");
        expect({ verdict: outcome.verdict, text: outcome.text }).toEqual(expected(buffered, text));
      }),
      runs,
    );
  });

  it("when retracted gets the verdict of the unstreamed check, and all that it lets pass unless it is blocked", () => {
    fc.assert(
      fc.property(texts, cuts, (text, at) => {
        const outcome = streamed(retracted, text, at);
        const check = expected(retracted, text);
        expect(outcome.verdict).toBe(check.verdict);
        if (check.verdict !== "block") expect(outcome.text).toBe(check.text);
      }),
      runs,
    );
  });

  it("when cut releases what stands before the cut, however it is chunked", () => {
    fc.assert(
      fc.property(texts, cuts, (text, at) => {
        const { text: passed, verdict } = streamed(cutting, text, at);
        expect({ verdict, text: passed }).toEqual(expected(cutting, text));
      }),
      runs,
    );
  });

  it("ends blocked when it is longer than can be judged, unless the policy opens on failure", () => {
    const endless = (policy: Policy) => {
      const checker = new StreamChecker(policy, "output");
      const delta = "word ".repeat(2000);
      for (let sent = 0; sent <= MOST_WHOLE + delta.length && checker.verdict !== "block"; sent += delta.length)
        checker.push(delta);
      return checker;
    };
    const closed = endless(buffered);
    expect(closed.verdict).toBe("block");
    expect(closed.push("more")).toEqual({ text: "", findings: [] });
    const open = endless(policyOf(`on_failure: open\n${CHECKS("redact")}`));
    expect(open.verdict).toBe("allow");
  });

  it("is not stopped for its length by detectors that only flag", () => {
    const flags = policyOf("rules: [{ detectors: [output.tone], stages: [output], action: flag }]");
    const checker = new StreamChecker(flags, "output");
    for (let sent = 0; sent <= MOST_WHOLE * 2; sent += 10_000) checker.push("word ".repeat(2000));
    checker.end();
    expect(checker.verdict).toBe("allow");
  });

  it("is not held back for detectors that only flag", () => {
    const flags = policyOf("rules: [{ detectors: [output.tone], stages: [output], action: flag }]");
    const checker = new StreamChecker(flags, "output");
    expect(checker.push("You idiot, ").text).toBe("You idiot, ");
    expect(checker.end().findings).toMatchObject([{ detector: "output.tone", start: 4, end: 9 }]);
    expect(checker.verdict).toBe("flag");
  });
});

describe("every detector", () => {
  it.each([...detectors, ...outputDetectors()])("$name declares what it must see", ({ extent }) => {
    if (extent.kind === "span") expect(extent.maxLength).toBeGreaterThan(0);
    else expect(extent.kind).toBe("whole");
  });
});

describe("every check of answers", () => {
  it.each(outputDetectors())("$name is of the layer output", ({ category }) =>
    expect(layerOf(category)).toBe("output"),
  );
});

describe("a shadow rule", () => {
  it("is told, and changes nothing", () => {
    const policy = policyOf(`
rules:
  - { detectors: [pii.email], stages: [input], action: block, shadow: true }
  - { detectors: [pii.email], stages: [input], action: redact, threshold: 0.1 }
`);
    const result = checkText(policy, { stage: "input", text: "I am jane@example.org." });
    expect(result).toMatchObject({ verdict: "redact", redactedText: "I am [EMAIL_REDACTED]." });
    expect(result.findings).toMatchObject([{ action: "redact", shadow: "block", rule: "rules[1]" }]);
    const alone = policyOf(`shadow: true\nrules: [{ detectors: [pii.email], stages: [input], action: block }]`);
    expect(checkText(alone, { stage: "input", text: "jane@example.org" })).toMatchObject({
      verdict: "flag",
      findings: [{ action: "flag", shadow: "block" }],
    });
  });
});

describe("a text that is hard to check", () => {
  const broken = {
    name: "broken",
    category: "test",
    replacement: "",
    extent: { kind: "span", maxLength: 1 },
    find() {
      throw new Error("no");
    },
    undecidedFrom: ({ text }: { text: string }) => text.length,
  } as const;
  const brokenPolicy = (onFailure: "closed" | "open") =>
    compilePolicy({
      name: "b",
      version: "1",
      description: "",
      maxCharacters: {},
      onFailure,
      rules: [{ detector: broken, stages: ["input"], action: "flag", threshold: 0 }],
    });

  it("is blocked when a detector fails, or flagged where the policy says so", () => {
    const content = { stage: "input", text: "text" } as const;
    expect(checkText(brokenPolicy("closed"), content).verdict).toBe("block");
    expect(checkText(brokenPolicy("open"), content).verdict).toBe("flag");
    expect(new StreamChecker(brokenPolicy("closed"), "input").push("t").text).toBe("");
  });

  it.each([
    ["thousands of overlapping matches", "4111 1111 1111 1111 ".repeat(5000)],
    ["lone surrogates", "\ud83d".repeat(100_000)],
    ["binary", Array.from({ length: 100_000 }, (_, index) => String.fromCharCode(index % 256)).join("")],
    ["beginnings of phrases", "legally legally i that's a ".repeat(8000)],
    ["one endless link", `https://${"a".repeat(200_000)}`],
    ["half links", "http:/http:/www.".repeat(12_000)],
    ["white space", " \n".repeat(100_000)],
    ["fences", "```".repeat(60_000)],
    ["sentences", "This is 1 claim about nothing. ".repeat(6000)],
  ])("of %s is decided in time", async (_name, text) => {
    const policies = await loadPolicies(undefined);
    const example = policies.find(({ name }) => name === "example") as Policy;
    const passages = [text.slice(0, 100_000), "Another passage. ".repeat(5000)];
    const started = performance.now();
    await checkLongText(example, { stage: "output", text, context: { ...context, passages, jsonSchema: "{}" } });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it("of a catastrophic pattern takes linear time", async () => {
    const policy = policyOf(`patterns: [{ name: bad, pattern: '(a+)+$', stages: [output], action: block }]`);
    const started = performance.now();
    await checkLongText(policy, { stage: "output", text: `${"a".repeat(50_000)}b` });
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
