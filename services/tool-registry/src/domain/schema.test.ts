import { describe, expect, it } from "vitest";
import { SchemaCompiler } from "./schema.ts";

const check = new SchemaCompiler().compile({
  type: "object",
  properties: {
    city: { type: "string", minLength: 2, description: "Name of the city" },
    unit: { enum: ["C", "F"] },
    days: { type: "array", items: { type: "integer", minimum: 1 }, maxItems: 3 },
  },
  required: ["city"],
  additionalProperties: false,
});

describe("complaints about arguments", () => {
  it.each([
    [{ city: "Rome", unit: "C", days: [1] }, undefined],
    [{}, 'arguments: the property "city" is missing (Name of the city)'],
    [{ city: 5 }, "city: must be string, not a number (5)"],
    [{ city: null }, "city: must be string, not null"],
    [{ city: "R" }, 'city: must NOT have fewer than 2 characters, not the string "R"'],
    [{ city: "Rome", unit: "K" }, 'unit: must be one of ["C","F"], not the string "K"'],
    [{ city: "Rome", town: 1 }, 'arguments: there is no property "town"; it takes "city", "unit", "days"'],
    [{ city: "Rome", days: [1, 0] }, "days.1: must be >= 1, not a number (0)"],
    [{ city: "Rome", days: { a: 1 } }, "days: must be array, not an object"],
  ])("say where, what was expected and what was given: %j", (value, complaint) => {
    expect(check(value as never)).toBe(complaint);
  });

  it("never repeat long values or names", () => {
    const complaint = check({ city: "Rome", unit: "x".repeat(10_000), ["y".repeat(10_000)]: 1 });
    expect(complaint).toContain("a string of 10000 characters");
    expect(complaint?.length).toBeLessThan(400);
  });

  it("name at most five at once", () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`p${n}`, n]));
    expect(check({ city: "Rome", ...many })).toMatch(/; and 45 more$/);
  });

  it("refuse a schema that is none when it is compiled", () => {
    expect(() => new SchemaCompiler().compile({ type: "objekt" })).toThrow();
  });
});
