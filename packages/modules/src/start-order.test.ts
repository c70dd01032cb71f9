import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { startOrder } from "./start-order.ts";

describe("startOrder", () => {
  it("puts every module after what it depends on, whatever the order given", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    const acyclic = names.map((name, index) =>
      fc.subarray(names.slice(0, index)).map((dependsOn) => ({ name, dependsOn })),
    );
    const shuffled = fc.tuple(...acyclic).chain((list) => fc.shuffledSubarray(list, { minLength: 1 }));
    fc.assert(
      fc.property(shuffled, (modules) => {
        const ordered = startOrder(modules).map(({ name }) => name);
        expect(ordered.toSorted()).toEqual(modules.map(({ name }) => name).toSorted());
        for (const { name, dependsOn } of modules) {
          for (const dependency of dependsOn) {
            expect(ordered.indexOf(dependency)).toBeLessThan(ordered.indexOf(name));
          }
        }
      }),
    );
  });

  it("names the circle", () => {
    const modules = [
      { name: "a", dependsOn: ["b"] },
      { name: "b", dependsOn: ["a"] },
    ];
    expect(() => startOrder(modules)).toThrow("a → b → a");
  });

  it("refuses a module given twice", () => {
    const module = { name: "a", dependsOn: [] };
    expect(() => startOrder([module, { ...module }])).toThrow("twice");
  });
});
