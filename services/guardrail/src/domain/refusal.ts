import type { Finding } from "./finding.ts";
import { LAYERS, type Layer, layerOf } from "./layer.ts";
import type { Policy, Refusal } from "./policy.ts";

/** What a person is told about a text that was blocked, and how they can have it looked at again. */
export interface ExplainedRefusal extends Refusal {
  readonly layer: Layer;
  readonly rule: string;
  readonly appeal: string;
  /** The model may be asked once more, and told reason and alternative. */
  readonly retry: boolean;
}

const ALTERNATIVES: Readonly<Record<Layer, string>> = {
  limits: "Send it in parts, or send less.",
  encoding: "Send it as plain text without hidden characters.",
  patterns: "Leave out what the policy does not admit, and try again.",
  data: "Leave out the personal data or the secret, and try again.",
  injection: "Say in plain words what you need, without instructions about how the assistant works.",
  content: "Say what you need in another way; where somebody is in danger, call the local emergency number.",
  output: "Ask again in another way, or ask a person.",
};

/** The refusal for a blocked text: the first layer with a blocking finding decides. undefined: nothing blocks. */
export function refusalOf(policy: Policy, findings: readonly Finding[]): ExplainedRefusal | undefined {
  let first: Finding | undefined;
  for (const finding of findings) {
    if (finding.action !== "block") continue;
    if (first === undefined || rankOf(finding) < rankOf(first)) first = finding;
  }
  if (first === undefined) return undefined;
  const layer = layerOf(first.category);
  const rule = first.rule ?? "";
  const decided = policy.rules.find(({ id, detector }) => id === rule && detector.name === first.detector);
  const own = decided?.refusal;
  const reference = `policy "${policy.name}", version ${policy.version}, ${rule === "" ? first.detector : rule}`;
  return {
    reason: own?.reason || first.explanation,
    alternative: own?.alternative || ALTERNATIVES[layer],
    layer,
    rule,
    // One finding that must not be asked about again is enough.
    retry: findings.every(({ action, ...finding }) => action !== "block" || mayRetry(policy, finding)),
    appeal: `${policy.appeal ?? "Ask whoever runs this service to look at it again."} Quote: ${reference}.`,
  };
}

function mayRetry(policy: Policy, { rule, detector }: Pick<Finding, "rule" | "detector">): boolean {
  return policy.rules.some((own) => own.id === rule && own.detector.name === detector && own.retries === true);
}

function rankOf({ category }: Finding): number {
  return LAYERS.indexOf(layerOf(category));
}
