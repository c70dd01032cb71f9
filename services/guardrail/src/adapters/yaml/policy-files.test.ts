import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkText } from "../../domain/check-text.ts";
import { requiredLiteral } from "../../domain/detectors/blocked-pattern.ts";
import { parsePolicy } from "./parse-policy.ts";
import { loadPolicies } from "./policy-files.ts";

describe("policies in files", () => {
  it("are the bundled ones when no folder is given", async () => {
    const names = (await loadPolicies(undefined)).map(({ name }) => name);
    expect(names.sort()).toEqual(["default", "example", "log-only", "strict"]);
  });

  it("replace a bundled one of the same name", async () => {
    const folder = temporaryDirectory();
    onTestFinished(() => folder.remove());
    writeFileSync(join(folder.path, "mine.yml"), "name: default\ndescription: mine\n");
    const policies = await loadPolicies(folder.path);
    expect(policies.find(({ name }) => name === "default")?.description).toBe("mine");
    expect(policies.length).toBe(4);
  });

  it("are refused with everything that is wrong, by file and field", async () => {
    const folder = temporaryDirectory();
    onTestFinished(() => folder.remove());
    writeFileSync(
      join(folder.path, "bad.yaml"),
      `
name: Bad Name
colour: red
max_characters: { input: 0, lunch: 3 }
rules:
  - { detectors: [pii.emial], stages: [inptu], action: delete, threshold: 7 }
  - 5
patterns:
  - { name: look, pattern: '(?=a)b', stages: [input], action: block }
  - { name: empty, pattern: 'a*', stages: [input], action: block, max_length: -1 }
  - { name: empty, pattern: 'b', stages: [input], action: block }
`,
    );
    writeFileSync(join(folder.path, "broken.yaml"), "name: [");
    const problems = await loadPolicies(folder.path).then(
      () => "",
      (error: Error) => error.message,
    );
    for (const field of [
      "bad.yaml: name:",
      "bad.yaml: colour:",
      "max_characters.input",
      "max_characters.lunch",
      "rules[0].detectors[0]",
      "rules[0].stages",
      "rules[0].action",
      "rules[0].threshold",
      "rules[1]",
      "patterns[0].pattern: not a valid RE2",
      "patterns[1].pattern: matches the empty",
      "patterns[1].max_length",
      "patterns: pattern.empty is declared twice",
      "broken.yaml: not valid YAML",
    ]) {
      expect(problems).toContain(field);
    }
  });

  it("name a folder that cannot be read", async () => {
    await expect(loadPolicies("/does/not/exist")).rejects.toThrow("AGENTMESH_GUARDRAIL_POLICY_FOLDER");
  });
});

describe("a policy that makes no sense", () => {
  const problemsOf = (yaml: string) => parsePolicy(`name: test\n${yaml}`).problems.join("\n");

  it("is told the nearest name of a detector", () => {
    expect(problemsOf("rules: [{ detectors: [pii.emial], stages: [input], action: flag }]")).toContain(
      'did you mean "pii.email"?',
    );
  });

  it("cannot redact what was released", () => {
    const rule = "{ detectors: [output.tone], stages: [output], action: redact }";
    expect(problemsOf(`whole: retract\nrules: [${rule}]`)).toContain("rules[0]");
    expect(problemsOf(`whole: buffer\nrules: [${rule}]`)).toBe("");
    const pattern = "{ name: p, pattern: x, stages: [output], action: redact }";
    expect(problemsOf(`whole: retract\npatterns: [${pattern}]`)).toContain("patterns[0]");
  });

  it("is told all that is wrong with its options", () => {
    const problems = problemsOf(`
whole: maybe
on_failure: never
shadow: 3
options:
  hosts: ["no spaces"]
  languages: [tlh]
  never_promise: ["..."]
  length: { min: 5, max: 2 }
  json_schema: { type: 7 }
  colour: red
rules: [{ detectors: [output.url], stages: [output], action: block, refusal: { reason: "", why: x } }]
`);
    for (const field of [
      "whole",
      "on_failure",
      "shadow",
      "options.hosts[0]",
      "options.languages",
      "options.never_promise",
    ])
      expect(problems).toContain(field);
    for (const field of [
      "options.length",
      "options.json_schema",
      "options.colour",
      "rules[0].refusal.reason",
      "refusal.why",
    ])
      expect(problems).toContain(field);
  });

  it.each([
    [
      "aliases that multiply",
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(9)}]\nc: &c [${"*b,".repeat(9)}]\nrules: [${"*c,".repeat(9)}]`,
    ],
    ["depth", `rules: ${"[".repeat(3000)}${"]".repeat(3000)}`],
    [
      "a pattern that explodes",
      "patterns: [{ name: p, pattern: '((((a{1,100}){1,100}){1,100}){1,100})', stages: [input], action: block }]",
    ],
    ["too many rules", `rules:\n${"  - { detectors: [pii.email], stages: [input], action: flag }\n".repeat(300)}`],
  ])("is refused in time: %s", (_name, yaml) => {
    const started = performance.now();
    expect(problemsOf(yaml)).not.toBe("");
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe("a pattern of a policy", () => {
  const check = (pattern: string, text: string) => {
    const { definition } = parsePolicy(
      `name: p\npatterns: [{ name: one, pattern: ${JSON.stringify(pattern)}, stages: [input], action: redact }]\n`,
    );
    const active = [{ detector: definition!.rules[0]!.detector, rules: definition!.rules }];
    const none = { input: active, tool_arguments: [], tool_result: [], retrieved: [], output: [] };
    return checkText({ ...definition!, active: none }, { stage: "input", text }).redactedText;
  };

  it.each([
    ["(?i)project\\s+falcon", "the Project  FALCON plan", "the [ONE_REDACTED] plan"],
    ["\\bcode-(red|blue)\\b", "code-blue now", "[ONE_REDACTED] now"],
    ["colou?r", "a color", "a [ONE_REDACTED]"],
    ["(?i)straße", "die STRAßE", "die [ONE_REDACTED]"],
    ["(?i)kelvins", "\u212aelvin\u017f", "[ONE_REDACTED]"],
    ["foo|bar", "a bar", "a [ONE_REDACTED]"],
    ["a{2}b", "aab", "[ONE_REDACTED]"],
    ["[x]yz", "xyz", "[ONE_REDACTED]"],
    ["\\x41B", "AB", "[ONE_REDACTED]"],
  ])("%s is found in %j", (pattern, text, expected) => {
    expect(check(pattern, text)).toBe(expected);
  });

  it.each([
    ["(?i)project\\s+falcon", "project"],
    ["colou?r", "colo"],
    ["foo|bar", ""],
    ["(foo|bar)baz", "baz"],
    ["a+b", "a"],
    ["x*yz", "yz"],
    ["\\.env", ".env"],
    ["\\pN7", ""],
  ])("%s is looked for only where %j is", (pattern, literal) => {
    expect(requiredLiteral(pattern)).toBe(literal);
  });
});
