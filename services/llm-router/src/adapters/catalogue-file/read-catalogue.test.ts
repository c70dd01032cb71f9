import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterAll, describe, expect, it } from "vitest";
import { Catalogue } from "../../domain/catalogue.ts";
import { DEFAULT_CATALOGUE, readCatalogue } from "./read-catalogue.ts";

const folder = temporaryDirectory();
afterAll(() => folder.remove());

describe("a catalogue file", () => {
  it("comes with the service and knows the simulator's models, with faults too", async () => {
    const { models } = await readCatalogue(DEFAULT_CATALOGUE);
    const catalogue = new Catalogue(models);
    for (const name of ["simulator-small", "simulator-large", "simulator-embedding", "lexical"]) {
      expect(catalogue.find(name)?.entry.name).toBe(name);
    }
    expect(catalogue.find("simulator-large+status=503+fail_times=2")).toMatchObject({
      entry: { name: "simulator-large+*" },
      upstream: "simulator-large+status=503+fail_times=2",
    });
  });

  it.each(["openai", "ollama", "vllm"])("for %s is valid as it is shipped", async (name) => {
    const { models } = await readCatalogue(new URL(`../../../catalogues/${name}.yaml`, import.meta.url));
    expect(models.some(({ kind, tier }) => kind === "generation" && tier > 0)).toBe(true);
  });

  it("that is missing or broken says so, with its name", async () => {
    const file = join(folder.path, "models.yaml");
    await expect(readCatalogue(file)).rejects.toThrow(`${file} is not valid:\n  - cannot be read: ENOENT`);
    writeFileSync(file, "providers: [");
    await expect(readCatalogue(file)).rejects.toThrow("is no YAML");
    writeFileSync(file, "providers: []\nproviders: []");
    await expect(readCatalogue(file)).rejects.toThrow("is no YAML");
  });
});
