import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FAULT_NAMES, MODEL_IDS } from "./index.ts";

test("the README lists every model and every fault", async () => {
  const text = await readFile(new URL("../README.md", import.meta.url), "utf8");
  for (const name of [...FAULT_NAMES, ...MODEL_IDS]) expect(text).toMatch(new RegExp(`\`${name}[\`=]`));
});
