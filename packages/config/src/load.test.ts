import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { defineSettings } from "./group.ts";
import { choice, decimal, duration, flag, integer, list, secret, text } from "./kinds.ts";
import { loadConfig } from "./load.ts";

const gateway = defineSettings("gateway", {
  port: integer({ env: "AGENTMESH_GATEWAY_PORT", default: 7100, min: 0, max: 65_535, help: "Port." }),
  mode: choice({ env: "AGENTMESH_GATEWAY_MODE", values: ["normal", "full"], default: "normal", help: "Mode." }),
  share: decimal({ env: "AGENTMESH_GATEWAY_SHARE", default: 0.5, min: 0, max: 1, help: "Share." }),
  wait: duration({ env: "AGENTMESH_GATEWAY_WAIT", default: "30s", min: "1s", max: "1h", help: "Wait." }),
  verbose: flag({ env: "AGENTMESH_GATEWAY_VERBOSE", default: false, help: "Talk." }),
  origins: list({ env: "AGENTMESH_GATEWAY_ORIGINS", default: [], help: "Origins." }),
  name: text({ env: "AGENTMESH_GATEWAY_NAME", pattern: /^[a-z]+$/, patternHelp: "small letters", help: "Name." }),
  key: secret({ env: "AGENTMESH_GATEWAY_KEY", help: "Key." }),
});
const shared = defineSettings("shared", { level: text({ env: "AGENTMESH_LEVEL", help: "Level." }) }, "AGENTMESH_");

function problemsOf(environment: Record<string, string>, readFile?: (path: string) => string): string[] {
  try {
    loadConfig([gateway, shared], {
      environment,
      ...(readFile === undefined ? {} : { readFile }),
      otherGroups: ["gateway", "cost"],
    });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ env, message }) => `${env} ${message}`);
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("takes the defaults when nothing is set", () => {
    const loaded = loadConfig([gateway], { environment: {} });
    expect(loaded.gateway).toEqual({
      port: 7100,
      mode: "normal",
      share: 0.5,
      wait: 30_000,
      verbose: false,
      origins: [],
      name: undefined,
      key: undefined,
    });
  });

  it("reads every kind", () => {
    const environment = {
      AGENTMESH_GATEWAY_PORT: "0",
      AGENTMESH_GATEWAY_MODE: "full",
      AGENTMESH_GATEWAY_SHARE: "0.25",
      AGENTMESH_GATEWAY_WAIT: "1.5s",
      AGENTMESH_GATEWAY_VERBOSE: "yes",
      AGENTMESH_GATEWAY_ORIGINS: "a, b",
      AGENTMESH_GATEWAY_NAME: "abc",
      AGENTMESH_GATEWAY_KEY: "hush",
    };
    const loaded = loadConfig([gateway], { environment });
    expect(loaded.gateway).toEqual({
      port: 0,
      mode: "full",
      share: 0.25,
      wait: 1_500,
      verbose: true,
      origins: ["a", "b"],
      name: "abc",
      key: "hush",
    });
  });

  it("lists every problem at once, with the value and the bound", () => {
    const problems = problemsOf({
      AGENTMESH_GATEWAY_PORT: "70000",
      AGENTMESH_GATEWAY_MODE: "fast",
      AGENTMESH_GATEWAY_SHARE: "NaN",
      AGENTMESH_GATEWAY_WAIT: "2h",
      AGENTMESH_GATEWAY_VERBOSE: "maybe",
      AGENTMESH_GATEWAY_ORIGINS: "a,,b",
      AGENTMESH_GATEWAY_NAME: "A1",
    });
    expect(problems).toEqual([
      'AGENTMESH_GATEWAY_PORT must be a whole number, 0 to 65535; it is "70000"',
      'AGENTMESH_GATEWAY_MODE must be one of normal, full; it is "fast"',
      'AGENTMESH_GATEWAY_SHARE must be a number, 0 to 1; it is "NaN"',
      'AGENTMESH_GATEWAY_WAIT must be a duration such as "300ms", "30s", "5m" or "1h", 1s to 1h; it is "2h"',
      'AGENTMESH_GATEWAY_VERBOSE must be true or false; it is "maybe"',
      'AGENTMESH_GATEWAY_ORIGINS must be a list separated by commas, without empty entries; it is "a,,b"',
      'AGENTMESH_GATEWAY_NAME must be small letters; it is "A1"',
    ]);
  });

  it("suggests the nearest name for an unknown variable of a loaded group", () => {
    expect(problemsOf({ AGENTMESH_GATEWAY_PROT: "1" })).toEqual([
      "AGENTMESH_GATEWAY_PROT is no setting: did you mean AGENTMESH_GATEWAY_PORT?",
    ]);
    expect(problemsOf({ AGENTMESH_COMPLETELY_DIFFERENT_THING: "1" })).toEqual([
      "AGENTMESH_COMPLETELY_DIFFERENT_THING is no setting: see --help for all settings",
    ]);
  });

  it("ignores variables of groups that are not loaded, empty ones and those of other programs", () => {
    expect(problemsOf({ AGENTMESH_COST_ANYTHING: "1", AGENTMESH_GATEWAY_NONE: "", PATH: "/bin" })).toEqual([]);
  });

  it("names a required setting that is missing", () => {
    const strict = defineSettings("cost", {
      token: secret({ env: "AGENTMESH_COST_TOKEN", required: true, help: "Token of the store." }),
    });
    expect(() => loadConfig([strict], { environment: {} })).toThrow(
      "AGENTMESH_COST_TOKEN must be set: Token of the store. (or AGENTMESH_COST_TOKEN_FILE)",
    );
  });

  it("reads a secret from a file without its trailing newline", () => {
    const loaded = loadConfig([gateway], {
      environment: { AGENTMESH_GATEWAY_KEY_FILE: "/secrets/key" },
      readFile: (path) => `from ${path}\r\n`,
    });
    expect(loaded.gateway.key).toBe("from /secrets/key");
  });

  it("refuses a secret that is set twice, an unreadable file and an empty one", () => {
    const both = { AGENTMESH_GATEWAY_KEY: "a", AGENTMESH_GATEWAY_KEY_FILE: "/b" };
    expect(problemsOf(both)).toEqual([
      "AGENTMESH_GATEWAY_KEY_FILE is set together with AGENTMESH_GATEWAY_KEY: set only one of them",
    ]);
    const file = { AGENTMESH_GATEWAY_KEY_FILE: "/does/not/exist" };
    expect(problemsOf(file)).toEqual([
      "AGENTMESH_GATEWAY_KEY_FILE names a file that cannot be read (/does/not/exist: ENOENT)",
    ]);
    expect(problemsOf(file, () => "\n")).toEqual(["AGENTMESH_GATEWAY_KEY_FILE names an empty file (/does/not/exist)"]);
  });

  it("never shows a secret in a problem", () => {
    const strict = defineSettings("cost", {
      token: secret({ env: "AGENTMESH_COST_TOKEN", pattern: /^\d+$/, patternHelp: "digits", help: "Token." }),
    });
    const load = () => loadConfig([strict], { environment: { AGENTMESH_COST_TOKEN: "hunter2" } });
    expect(load).toThrow("AGENTMESH_COST_TOKEN must be digits");
    expect(load).not.toThrow("hunter2");
  });

  it("accepts a whole number exactly when it lies within its bounds", () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), (value) => {
        const accepted = problemsOf({ AGENTMESH_GATEWAY_PORT: String(value) }).length === 0;
        expect(accepted).toBe(value >= 0 && value <= 65_535);
      }),
    );
  });

  it("never fails with anything but a list of problems, whatever the values", () => {
    const variables = Object.values(gateway.fields).map(({ env }) => env);
    fc.assert(
      fc.property(fc.constantFrom(...variables), fc.string({ unit: "binary" }), (variable, value) => {
        expect(problemsOf({ [variable]: value }).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("defineSettings", () => {
  it("refuses a variable declared twice and a default outside its bounds", () => {
    const one = () => integer({ env: "AGENTMESH_X", default: 1, help: "" });
    expect(() => defineSettings("x", { a: one(), b: one() })).toThrow("declared twice");
    expect(() => integer({ env: "AGENTMESH_X", default: 5, max: 4, help: "" })).toThrow("at most 4");
  });
});
