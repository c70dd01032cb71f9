import type { CheckResult } from "../domain/check-text.ts";
import type { Finding } from "../domain/finding.ts";
import { layerOf } from "../domain/layer.ts";
import type { Policy } from "../domain/policy.ts";
import { refusalOf } from "../domain/refusal.ts";
import type { Stage, Verdict } from "../domain/verdict.ts";

/** A checked text. */
export interface Checked {
  readonly policy: Policy;
  readonly stage: Stage;
  readonly text: string;
  readonly result: CheckResult;
}

const COLOURS: Readonly<Record<Verdict, string>> = { allow: "32", flag: "33", redact: "36", block: "31" };
const LONGEST_EXCERPT = 60;

/** The verdict and every finding, for a person. Shows the text: it is the person's own. */
export function describeResult({ policy, stage, text, result }: Checked, colours: boolean): string {
  const paint = (code: string, shown: string) => (colours ? `\u001b[${code}m${shown}\u001b[0m` : shown);
  const { verdict, findings, redactedText } = result;
  const lines = [
    `${paint(`1;${COLOURS[verdict]}`, verdict.toUpperCase())}  policy ${policy.name} (${policy.version}), stage ${stage}`,
  ];
  for (const finding of findings) {
    const action = paint(COLOURS[finding.action], actionOf(finding).padEnd(6));
    const where = `${finding.start}-${finding.end}`;
    const by = `${layerOf(finding.category)}, ${finding.rule ?? finding.detector}`;
    lines.push(`  ${action} ${finding.detector}  score ${finding.score.toFixed(2)}  at ${where}  (${by})`);
    lines.push(`         ${finding.explanation}  ${paint("2", excerpt(text, finding))}`);
  }
  if (verdict === "redact") lines.push(`  passes as: ${printable(redactedText)}`);
  const refusal = refusalOf(policy, findings);
  if (refusal !== undefined) {
    lines.push(`  refused: ${refusal.reason}`, `  instead: ${refusal.alternative}`, `  appeal:  ${refusal.appeal}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The same for machines. */
export function resultAsJson({ policy, stage, result }: Checked): string {
  const { name, version } = policy;
  const findings = result.findings.map((finding) => ({ ...finding, layer: layerOf(finding.category) }));
  const refusal = refusalOf(policy, findings);
  return `${JSON.stringify({ policy: name, version, stage, ...result, findings, ...(refusal && { refusal }) })}\n`;
}

/** The policies with their rules. */
export function describePolicies(policies: readonly Policy[], json: boolean): string {
  const plain = policies.map(({ name, tenant, version, description, whole, onFailure, rules }) => ({
    name,
    ...(tenant === undefined ? {} : { tenant }),
    version,
    description,
    whole,
    onFailure,
    rules: rules.map(({ detector, stages, action, threshold, shadow = false, cuts = false }) => ({
      detector: detector.name,
      extent: detector.extent.kind === "span" ? `span(${detector.extent.maxLength})` : "whole",
      stages,
      action: cuts ? "cut" : action,
      threshold,
      shadow,
    })),
  }));
  if (json) return `${JSON.stringify(plain)}\n`;
  const blocks = plain.map(({ name, tenant, version, description, rules }) => {
    const lines = rules.map(
      (rule) =>
        `  ${rule.action.padEnd(6)} ${rule.detector.padEnd(24)} ≥ ${rule.threshold.toFixed(2)}  ${rule.extent.padEnd(12)} ` +
        `${rule.stages.join(", ")}${rule.shadow ? "  (shadow)" : ""}`,
    );
    return [`${name}${tenant === undefined ? "" : ` of ${tenant}`} (${version})  ${description}`, ...lines].join("\n");
  });
  return `${blocks.join("\n\n")}\n`;
}

function actionOf({ action, cuts, shadow }: Finding): string {
  if (shadow !== undefined) return `${action} (shadow: ${shadow})`;
  return cuts === true ? "cut" : action;
}

function excerpt(text: string, { start, end }: Finding): string {
  const found = text.slice(start, Math.min(end, start + LONGEST_EXCERPT));
  return `"${printable(found)}${end - start > LONGEST_EXCERPT ? "…" : ""}"`;
}

// A terminal obeys control characters.
function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}
