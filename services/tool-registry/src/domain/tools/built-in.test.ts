import { describe, expect, it } from "vitest";
import { Catalogue } from "../catalogue.ts";
import { scopeOf } from "../executor.fixture.ts";
import type { MemoryPort, RecalledText, RecallQuery, RememberedText } from "../memory-port.ts";
import type { JsonObject } from "../tool.ts";
import { builtInTools } from "./built-in.ts";

function toolsOver(found: readonly RecalledText[] = []) {
  const asked: (RecallQuery | RememberedText)[] = [];
  const memory: MemoryPort = {
    recall: async (query) => {
      asked.push(query);
      return found;
    },
    remember: async (text) => void asked.push(text),
  };
  const tools = builtInTools({ clock: () => Date.UTC(2026, 10, 21, 15, 5, 12), memory });
  const catalogue = new Catalogue(tools, { perCall: 5, perTool: new Map([["clock", 7]]) });
  const call = (name: string, given: JsonObject, settings: JsonObject = {}) => {
    const { tool, checkArguments, checkSettings } = catalogue.get(name);
    expect([checkArguments(given), checkSettings(settings)]).toEqual([undefined, undefined]);
    return tool.execute({ arguments: given, settings, stepId: "step-id", scope: scopeOf() });
  };
  return { asked, catalogue, call };
}

describe("built-in tools", () => {
  it("are declared with schemas that compile, and prices of the settings", () => {
    const { catalogue } = toolsOver();
    const listed = catalogue
      .list([])
      .map(({ tool: { name, requiredScope, idempotent }, price }) => [name, requiredScope, idempotent, price]);
    expect(listed).toEqual([
      ["calculator", "", true, 5],
      ["clock", "", true, 7],
      ["recall", "memory:read", true, 5],
      ["remember", "memory:write", true, 5],
    ]);
  });

  it("calculate", async () => {
    expect(await toolsOver().call("calculator", { expression: "0.1 + 0.2" })).toBe("0.3");
  });

  it("tell the time in UTC, in the zone asked for, and in the agent's usual one", async () => {
    const { call } = toolsOver();
    expect(await call("clock", {})).toBe("Saturday, 2026-11-21 15:05:12 UTC");
    const berlin = "Saturday, 2026-11-21 16:05:12 in Europe/Berlin (UTC+01:00); in UTC it is 2026-11-21 15:05:12";
    expect(await call("clock", { time_zone: "Europe/Berlin" })).toBe(berlin);
    expect(await call("clock", {}, { time_zone: "Europe/Berlin" })).toBe(berlin);
    expect(await call("clock", { time_zone: "Asia/Tokyo" }, { time_zone: "UTC" })).toContain(
      "Sunday, 2026-11-22 00:05:12",
    );
    expect(() => call("clock", { time_zone: "Middle/Earth" })).toThrow("IANA");
  });

  it("recall passages with score and source, from the agent's collection", async () => {
    const found = [
      { id: "1", text: "Blue is liked.", title: "notes", score: 0.8349 },
      { id: "2", text: "Red is not.", title: "", score: 0.5 },
    ];
    const { call, asked } = toolsOver(found);
    const answer = await call("recall", { query: "colours" }, { collection: "likes", limit: 3, min_score: 0.2 });
    expect(answer).toBe("[1] score 0.83, from notes\nBlue is liked.\n\n[2] score 0.50\nRed is not.");
    expect(asked).toEqual([{ collection: "likes", query: "colours", limit: 3, minScore: 0.2 }]);
    expect(await toolsOver().call("recall", { query: "colours", limit: 1 })).toBe("Nothing was found.");
  });

  it("leave passages out that would make the answer too long, and say so", async () => {
    const found = Array.from({ length: 6 }, (_, n) => ({ id: `${n}`, text: "x".repeat(30_000), title: "", score: 1 }));
    const answer = await toolsOver(found).call("recall", { query: "x" });
    expect(answer).toContain("(3 more passages left out");
    expect(answer.length).toBeLessThan(101_000);
  });

  it("remember under the id of the step, so that a repeat stores nothing twice", async () => {
    const { call, asked } = toolsOver();
    expect(await call("remember", { text: "Ann likes blue." })).toBe("Remembered.");
    expect(asked).toEqual([{ id: "step-id", collection: "", text: "Ann likes blue." }]);
  });
});
