import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadPolicies } from "../src/adapters/yaml/policy-files.ts";
import { checkText } from "../src/domain/check-text.ts";
import { percent, table } from "./table.ts";

interface Row {
  readonly source: string;
  readonly text: string;
  readonly spans?: readonly Span[];
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

const DETECTORS: Readonly<Record<string, string>> = {
  email: "pii.email",
  phone: "pii.phone",
  ssn: "pii.ssn",
  credit_card: "pii.credit_card",
  ip_address: "pii.ip_address",
  iban: "pii.iban",
};

/** Precision, recall and F1 by type under the strict policy: once for spans that overlap, once for equal ones. */
export async function personalDataSection(folder: string): Promise<string[]> {
  const policy = (await loadPolicies(undefined)).find(({ name }) => name === "strict");
  if (policy === undefined) throw new Error("the strict policy is missing");
  const rows = readFileSync(join(folder, "pii.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
  const found = rows.map(({ text }) => checkText(policy, { stage: "input", text }).findings);
  const totals = { overlap: [0, 0, 0], equal: [0, 0, 0] };
  const lines = Object.entries(DETECTORS).map(([type, detector]) => {
    const cells = (["overlap", "equal"] as const).flatMap((kind) => {
      const matches = kind === "overlap" ? overlaps : equals;
      const counts = [0, 0, 0];
      for (const [index, { spans = [] }] of rows.entries()) {
        const wanted = spans.filter((span) => span.type === type);
        const own = (found[index] ?? []).filter((finding) => finding.detector === detector);
        const hit = wanted.filter((span) => own.some((finding) => matches(finding, span))).length;
        const right = own.filter((finding) => wanted.some((span) => matches(finding, span))).length;
        counts[0] = (counts[0] ?? 0) + hit;
        counts[1] = (counts[1] ?? 0) + wanted.length - hit;
        counts[2] = (counts[2] ?? 0) + own.length - right;
      }
      totals[kind] = totals[kind].map((total, index) => total + (counts[index] ?? 0));
      return scores(counts);
    });
    return [type, ...cells];
  });
  lines.push(["all (micro)", ...scores(totals.overlap), ...scores(totals.equal)]);
  return [
    "## Personal data",
    "Precision, recall and F1 by type (strict policy, as input), for findings that overlap a labelled span and for findings that equal one.",
    table(["type", "precision", "recall", "F1", "precision, equal", "recall, equal", "F1, equal"], lines),
  ];
}

function scores(counts: readonly number[]): string[] {
  const [hit = 0, missed = 0, wrong = 0] = counts;
  return [
    percent(hit / (hit + wrong)),
    percent(hit / (hit + missed)),
    ((2 * hit) / (2 * hit + missed + wrong)).toFixed(3),
  ];
}

function overlaps(a: { start: number; end: number }, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

function equals(a: { start: number; end: number }, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}
