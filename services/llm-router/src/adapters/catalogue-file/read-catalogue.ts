import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { CatalogueContent } from "../../domain/catalogue.ts";
import { CatalogueError, parseCatalogue } from "../../domain/parse-catalogue.ts";

/** The catalogue that is used when the settings name no file: the simulator's models. */
export const DEFAULT_CATALOGUE = new URL("../../../catalogues/simulator.yaml", import.meta.url);

// The alias bombs of YAML are stopped by the library; this stops a wrong file name.
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Reads a catalogue from a YAML file.
 * @throws CatalogueError when the file cannot be read or is not valid; it lists every problem
 */
export async function readCatalogue(file: string | URL): Promise<CatalogueContent> {
  const source = typeof file === "string" ? file : "(built in)";
  return parseCatalogue(parseYaml(await readText(file, source), source), source);
}

async function readText(file: string | URL, source: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > MOST_BYTES) throw new CatalogueError(source, [`is larger than ${MOST_BYTES} bytes`]);
    return bytes.toString();
  } catch (error) {
    if (error instanceof CatalogueError) throw error;
    throw new CatalogueError(source, [`cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}`]);
  }
}

function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text, { uniqueKeys: true });
  } catch (error) {
    throw new CatalogueError(source, [`is no YAML: ${(error as Error).message.split("\n", 1)[0]}`]);
  }
}
