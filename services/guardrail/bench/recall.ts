// biome-ignore-all lint/suspicious/noConsole: a script for people
/**
 * Recall and false positives on labelled texts: `node services/guardrail/bench/recall.ts <file.jsonl> [policy]`.
 * Lines are `{text, label, spans?}`: label 0/1 for injections, or `spans: [{start, end, type}]` for personal data.
 * For development only; the service needs no such file.
 */
import { readFileSync } from "node:fs";
import { loadPolicies } from "../src/adapters/yaml/policy-files.ts";
import { checkText } from "../src/domain/check-text.ts";
import type { Finding } from "../src/domain/finding.ts";
import type { Policy } from "../src/domain/policy.ts";

interface Row {
  readonly text: string;
  readonly label: unknown;
  readonly source: string;
  readonly spans?: readonly { start: number; end: number; type: string }[];
}

const DETECTORS: Readonly<Record<string, string>> = {
  email: "pii.email",
  phone: "pii.phone",
  ssn: "pii.ssn",
  credit_card: "pii.credit_card",
  iban: "pii.iban",
  ip_address: "pii.ip_address",
};
const EXAMPLES = Number(process.env.EXAMPLES ?? 5);

const [file, policyName = "strict"] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: recall.ts <file.jsonl> [policy]");
  process.exit(1);
}
const policy = (await loadPolicies(undefined)).find(({ name }) => name === policyName);
if (policy === undefined) throw new Error(`no policy ${policyName}`);
const rows = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Row);
if (rows.some(({ spans }) => spans !== undefined)) measureSpans(policy, rows);
else measureInjections(policy, rows);

function measureSpans(policy: Policy, all: readonly Row[]): void {
  for (const [type, detector] of Object.entries(DETECTORS)) {
    let found = 0;
    let total = 0;
    const missed: string[] = [];
    const wrong: string[] = [];
    for (const { text, spans = [] } of all) {
      const findings = checkText(policy, { stage: "input", text }).findings.filter((f) => f.detector === detector);
      const wanted = spans.filter((span) => span.type === type);
      for (const span of wanted) {
        total++;
        if (findings.some((finding) => overlaps(finding, span))) found++;
        else missed.push(around(text, span));
      }
      const extra = findings.filter((finding) => !spans.some((span) => span.type === type && overlaps(finding, span)));
      wrong.push(...extra.map((finding) => around(text, finding)));
    }
    console.log(`${detector}: recall ${found}/${total} = ${percent(found, total)}; false positives ${wrong.length}`);
    for (const text of missed.slice(0, EXAMPLES)) console.log(`   missed ${text}`);
    for (const text of wrong.slice(0, EXAMPLES)) console.log(`   wrong  ${text}`);
  }
}

function measureInjections(policy: Policy, all: readonly Row[]): void {
  const bySource = new Map<string, { positives: number; found: number; negatives: number; wrong: number }>();
  const rules = new Map<string, { right: number; wrong: number }>();
  const examples: string[] = [];
  for (const { text, label, source } of all) {
    const { findings } = checkText(policy, { stage: "input", text });
    const injections = findings.filter(({ detector, action }) => detector === "injection.phrase" && action === "block");
    const counts = bySource.get(source) ?? { positives: 0, found: 0, negatives: 0, wrong: 0 };
    bySource.set(source, counts);
    if (label === 1) {
      counts.positives++;
      if (injections.length > 0) counts.found++;
    } else {
      counts.negatives++;
      if (injections.length > 0) {
        counts.wrong++;
        examples.push(around(text, injections[0] as Finding));
      }
    }
    for (const { explanation } of injections) {
      const id = /\((\w+)\)/.exec(explanation)?.[1] ?? "";
      const rule = rules.get(id) ?? { right: 0, wrong: 0 };
      rules.set(id, rule);
      if (label === 1) rule.right++;
      else rule.wrong++;
    }
  }
  console.table(
    Object.fromEntries(
      [...bySource].map(([source, c]) => [
        source,
        { ...c, recall: percent(c.found, c.positives), fpr: percent(c.wrong, c.negatives) },
      ]),
    ),
  );
  console.table(Object.fromEntries(rules));
  for (const text of examples.slice(0, EXAMPLES * 5)) console.log(`   wrong ${text}`);
}

function overlaps(a: { start: number; end: number }, b: { start: number; end: number }): boolean {
  return a.start < b.end && b.start < a.end;
}

function around(text: string, { start, end }: { start: number; end: number }): string {
  const before = text.slice(Math.max(0, start - 30), start);
  return `${before}>>>${text.slice(start, end)}<<<${text.slice(end, end + 20)}`.replace(/\s+/g, " ");
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
}
