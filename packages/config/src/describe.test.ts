import { describe, expect, it } from "vitest";
import { describeSettings, printConfig, settingsTable } from "./describe.ts";
import { defineSettings } from "./group.ts";
import { choice, duration, secret } from "./kinds.ts";
import { loadConfig } from "./load.ts";

const cost = defineSettings("cost", {
  mode: choice({ env: "AGENTMESH_COST_MODE", values: ["a", "b"], default: "a", help: "Mode." }),
  ttl: duration({ env: "AGENTMESH_COST_TTL", default: "90s", min: "1s", help: "Time a hold lives." }),
  key: secret({ env: "AGENTMESH_COST_KEY", help: "Key." }),
  other: secret({ env: "AGENTMESH_COST_OTHER", help: "Other key." }),
});

describe("the texts made of declarations", () => {
  it("print the configuration in a form that can be loaded again, without secrets", () => {
    const loaded = loadConfig([cost], { environment: { AGENTMESH_COST_TTL: "120s", AGENTMESH_COST_KEY: "hunter2" } });
    expect(printConfig([cost], loaded).split("\n")).toEqual([
      "AGENTMESH_COST_MODE=a",
      "AGENTMESH_COST_TTL=2m",
      "AGENTMESH_COST_KEY=***",
      "# AGENTMESH_COST_OTHER is not set",
    ]);
  });

  it("describe type, bounds, default and secret files", () => {
    const help = describeSettings([cost]);
    expect(help).toContain("AGENTMESH_COST_TTL  (duration, 1s or more, default 90s)\n      Time a hold lives.");
    expect(help).toContain("AGENTMESH_COST_KEY  (secret)\n      Key. Or name a file in AGENTMESH_COST_KEY_FILE.");
  });

  it("make a Markdown table whose cells are escaped", () => {
    expect(settingsTable([cost]).split("\n")[2]).toBe("| `AGENTMESH_COST_MODE` | a \\| b | `a` | Mode. |");
  });
});
