import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { checkLongText } from "../domain/check-text.ts";
import type { Policy } from "../domain/policy.ts";
import type { Stage } from "../domain/verdict.ts";

const LABELS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [1, true],
  ["1", true],
  [true, true],
  [0, false],
  ["0", false],
  [false, false],
]);
const MOST_PROBLEMS = 5;

/** What was decided about labelled texts. A text counts as found when its verdict is "block", or "block" or "flag". */
interface Figures {
  truePositives: number;
  falsePositives: number;
  trueNegatives: number;
  falseNegatives: number;
}

/** Checks each line of a file of `{"text", "label"}` and writes confusion figures. @returns the exit code */
export async function evaluateFile(
  file: string,
  { policy, stage }: { policy: Policy; stage: Stage },
  { json, write }: { json: boolean; write: (text: string) => void },
): Promise<number> {
  const blocked = noFigures();
  const found = noFigures();
  const problems: string[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === "") continue;
    const row = rowOf(line);
    if (row === undefined) {
      problems.push(`line ${number}: must be {"text": "…", "label": 0 or 1}`);
      continue;
    }
    const { verdict } = await checkLongText(policy, { stage, text: row.text });
    count(blocked, row.label, verdict === "block");
    count(found, row.label, verdict !== "allow");
  }
  const rows = Object.values(found).reduce((sum, part) => sum + part, 0);
  if (json)
    write(`${JSON.stringify({ policy: policy.name, stage, rows, unusable: problems.length, blocked, found })}\n`);
  else write(described({ rows, blocked, found, problems }));
  return rows === 0 ? 1 : 0;
}

function rowOf(line: string): { text: string; label: boolean } | undefined {
  try {
    const { text, label } = JSON.parse(line) as { text?: unknown; label?: unknown };
    const known = LABELS.get(label);
    return typeof text === "string" && known !== undefined ? { text, label: known } : undefined;
  } catch {
    return undefined;
  }
}

function described(result: { rows: number; blocked: Figures; found: Figures; problems: readonly string[] }): string {
  const { rows, blocked, found, problems } = result;
  const lines = [`${rows} texts`, figuresLine("blocked", blocked), figuresLine("found at all", found)];
  for (const problem of problems.slice(0, MOST_PROBLEMS)) lines.push(problem);
  if (problems.length > MOST_PROBLEMS)
    lines.push(`and ${problems.length - MOST_PROBLEMS} more lines that cannot be used`);
  return `${lines.join("\n")}\n`;
}

function figuresLine(name: string, { truePositives, falsePositives, trueNegatives, falseNegatives }: Figures): string {
  const share = (part: number, whole: number) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);
  const precision = share(truePositives, truePositives + falsePositives);
  const recall = share(truePositives, truePositives + falseNegatives);
  const alarms = share(falsePositives, falsePositives + trueNegatives);
  return (
    `${name}: ${truePositives} true and ${falsePositives} false positives, ${trueNegatives} true and ${falseNegatives} ` +
    `false negatives; precision ${precision}, recall ${recall}, false alarms ${alarms}`
  );
}

function count(figures: Figures, label: boolean, positive: boolean): void {
  if (label) figures[positive ? "truePositives" : "falseNegatives"]++;
  else figures[positive ? "falsePositives" : "trueNegatives"]++;
}

function noFigures(): Figures {
  return { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
}
