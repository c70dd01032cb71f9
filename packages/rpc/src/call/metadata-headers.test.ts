import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MetadataHeaders } from "./metadata-headers.ts";

const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,8}$/);
const value = fc.stringMatching(/^[!-~]{0,12}$/);
const step = fc.oneof(
  fc.record({ act: fc.constant("set" as const), name, value }),
  fc.record({ act: fc.constant("append" as const), name, value }),
  fc.record({ act: fc.constant("delete" as const), name, value }),
);

describe("the lean headers", () => {
  it("say the same as the platform's after any changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const [lean, platform] = [new MetadataHeaders(), new Headers()];
        for (const { act, name, value } of steps) {
          if (act === "delete") for (const headers of [lean, platform]) headers.delete(name);
          else for (const headers of [lean, platform]) headers[act](name, value);
        }
        expect(Object.fromEntries(lean)).toEqual(Object.fromEntries(platform));
        expect(Object.fromEntries(new Headers(lean))).toEqual(Object.fromEntries(platform));
        expect(lean.empty).toBe([...platform].length === 0);
      }),
    );
  });

  it("are read from their source only when somebody looks", () => {
    let fills = 0;
    const headers = MetadataHeaders.lazy((target) => {
      fills++;
      target.set("a", "1");
    });
    expect(fills).toBe(0);
    expect([headers.get("A"), headers.has("a"), headers.empty]).toEqual(["1", true, false]);
    expect(fills).toBe(1);
  });

  it.each([[{ A: "1" }], [[["A", "1"]]], [new Headers({ A: "1" })], [new MetadataHeaders({ A: "1" })]])(
    "are made from %o",
    (init) => {
      expect(new MetadataHeaders(init as HeadersInit).get("a")).toBe("1");
    },
  );
});
