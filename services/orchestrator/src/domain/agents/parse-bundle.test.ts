/** Agents' files: what is accepted, what is refused and why. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readAgentFiles } from "../../adapters/files/read-agents.ts";
import { readBundles } from "./catalogue.ts";
import { parseBundle } from "./parse-bundle.ts";

const minimal = "name: a\nversion: 1.0.0\ndescription: d\npattern: react\nprompts: { system: s }\n";

function problemsOf(text: string): string[] {
  const parsed = parseBundle({ file: "a.yaml", text });
  return "problems" in parsed ? parsed.problems.map(({ path, message }) => `${path} ${message}`.trim()) : [];
}

describe("an agent's file", () => {
  it("has defaults for all but name, version, description, pattern and prompt", () => {
    const parsed = parseBundle({ file: "a.yaml", text: minimal });
    expect(parsed).toMatchObject({
      bundle: {
        id: "a",
        model: "auto",
        temperature: 0.1,
        tools: [],
        memory: { kind: "none" },
        guardrailPolicy: "default",
        limits: { iterations: 10, retries: 3, timeoutMs: 300_000 },
      },
    });
  });

  it.each([
    ["temperature: -0.1", "temperature must be >= 0"],
    ["temperature: 2.1", "temperature must be <= 2"],
    ["limits: { iterations: 0 }", "limits.iterations must be >= 1"],
    ["limits: { iterations: 101 }", "limits.iterations must be <= 100"],
    ["limits: { iterations: 1.5 }", "limits.iterations must be integer"],
    ["limits: { retries: -1 }", "limits.retries must be >= 0"],
    ["limits: { retries: 11 }", "limits.retries must be <= 10"],
    ["limits: { timeout: 9s }", "limits.timeout must be between 10s and 3600s"],
    ["limits: { timeout: 3601s }", "limits.timeout must be between 10s and 3600s"],
    ["limits: { timeout: soon }", 'limits.timeout must be a length of time such as "30s", "5m" or "1h"'],
    ["limits: { turns: 3 }", "limits.turns is not a setting of an agent"],
    ["tools: [{ name: a }, { name: a }]", "tools[1].name names a a second time"],
    ["tools: [{ settings: {} }]", "tools[0].name is missing"],
    ["memory: { kind: forever }", "memory.kind must be one of none, session"],
    ["memory: { ttl: 59s }", "memory.ttl must be between 60s and 90d"],
    ["budget: { max_usd: -1 }", "budget.max_usd must be >= 0"],
    ["budget: {}", "budget.max_usd is missing"],
    ["on_uncertain_tool: retry", "on_uncertain_tool must be one of fail"],
    ["modle: gpt", "modle is not a setting of an agent"],
  ])("with %s is refused: %s", (line, problem) => {
    expect(problemsOf(`${minimal}${line}\n`)).toEqual([problem]);
  });

  it.each([
    ["limits: { iterations: 1, retries: 0, timeout: 10s }"],
    ["limits: { iterations: 100, retries: 10, timeout: 3600s }"],
    ["temperature: 0"],
    ["temperature: 2"],
    ["memory: { kind: session, ttl: 60s, window_tokens: 1 }"],
  ])("with %s is accepted", (line) => {
    expect(problemsOf(`${minimal}${line}\n`)).toEqual([]);
  });

  it("needs tools and two turns for the pattern tool-use", () => {
    const text = `${minimal.replace("react", "tool-use")}limits: { iterations: 1 }\n`;
    expect(problemsOf(text)).toHaveLength(2);
  });

  it.each(["", "just words", "[1, 2", "a: &a [*a]", "name: a\nname: b"])(
    "that holds %j is refused, not thrown at",
    (text) => {
      expect(problemsOf(text).length).toBeGreaterThan(0);
    },
  );

  it("that explodes through aliases is refused", () => {
    const bomb = [
      "a0: &a0 [x, x]",
      ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`),
    ].join("\n");
    expect(problemsOf(bomb)).toHaveLength(1);
  });

  it("gets another version whenever anything in it changes, and only then", () => {
    const versionOf = (text: string) => {
      const parsed = parseBundle({ file: "a.yaml", text });
      return "bundle" in parsed ? parsed.bundle.version : "";
    };
    expect(versionOf(minimal)).toMatch(/^1\.0\.0\+[0-9a-f]{8}$/);
    expect(versionOf(`# a comment\n${minimal}`)).toBe(versionOf(minimal));
    expect(versionOf(minimal.replace("system: s", "system: t"))).not.toBe(versionOf(minimal));
  });
});

describe("a folder of agents", () => {
  it("that holds the examples is accepted", () => {
    const folder = fileURLToPath(new URL("../../../../../examples/agents", import.meta.url));
    expect(readBundles(readAgentFiles(folder)).map(({ id }) => id)).toEqual(["assistant", "notes"]);
  });

  it("is refused with everything that is wrong in any file", () => {
    const sources = [
      { file: "a.yaml", text: `${minimal}temperature: 9\n` },
      { file: "b.yaml", text: minimal },
      { file: "c.yaml", text: `${minimal}model: ""\nlimits: { retries: 99 }\n` },
      { file: "d.yaml", text: minimal },
    ];
    const failure = catchError(() => readBundles(sources));
    const fields = ["a.yaml: temperature", "c.yaml: model", "c.yaml: limits.retries", "d.yaml: name"];
    expect(failure).toMatchObject({
      reason: "AGENTS_INVALID",
      occurrence: { fields: fields.map((field) => ({ field })) },
    });
  });

  it("that does not exist is named in the error", () => {
    expect(() => readAgentFiles("/no/such/folder")).toThrow(/\/no\/such\/folder: cannot be read \(ENOENT\)/);
  });
});

function catchError(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
