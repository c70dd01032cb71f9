/** One line of an exposition. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** OpenMetrics only. */
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly timestamp: number;
  };
}

/** A parsed exposition. */
export interface Exposition {
  readonly types: Readonly<Record<string, string>>;
  readonly samples: readonly ExposedSample[];
}

const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const LABELS = String.raw`\{((?:${LABEL}(?:,${LABEL})*)?)\}`;
const NUMBER = "(NaN|[+-]Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)";
const SAMPLE = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:${LABELS})? ${NUMBER}(?: # ${LABELS} ${NUMBER} ${NUMBER})?$`);

/**
 * Parses Prometheus text or OpenMetrics strictly: every line must be a sample or a HELP, TYPE or EOF comment, every
 * sample must belong to the family announced last. Throws with the line that breaks the format.
 */
export function parseExposition(text: string): Exposition {
  const types: Record<string, string> = {};
  const samples: ExposedSample[] = [];
  let family = "";
  for (const line of text.split("\n")) {
    if (line === "" || line === "# EOF" || line.startsWith("# HELP ")) continue;
    if (line.startsWith("# TYPE ")) {
      const [, , name = "", type = ""] = line.split(" ");
      if (types[name]) throw new Error(`family announced twice: ${name}`);
      types[name] = type;
      family = name;
      continue;
    }
    const match = SAMPLE.exec(line);
    if (!match?.[1]?.startsWith(family)) throw new Error(`not a sample of ${family}: ${line}`);
    samples.push(sampleOf(match));
  }
  return { types, samples };
}

function sampleOf([
  ,
  name = "",
  labels,
  value,
  exemplarLabels,
  exemplarValue,
  timestamp,
]: RegExpExecArray): ExposedSample {
  const sample = { name, labels: labelsOf(labels), value: numberOf(value) };
  if (exemplarLabels === undefined) return sample;
  return {
    ...sample,
    exemplar: { labels: labelsOf(exemplarLabels), value: numberOf(exemplarValue), timestamp: numberOf(timestamp) },
  };
}

function labelsOf(text = ""): Record<string, string> {
  const pairs = text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...pairs].map(([, name = "", value = ""]) => [name, value.replace(/\\(.)/g, (_, c) => (c === "n" ? "\n" : c))]),
  );
}

function numberOf(text = ""): number {
  return Number(text.replace("Inf", "Infinity"));
}
