import type { Finding } from "./finding.ts";
import type { Policy } from "./policy.ts";
import type { Stage } from "./verdict.ts";

/** The name under which policies list their limit of length. */
export const LENGTH_LIMIT = "limit.length";

/** The finding for a text longer than the policy admits at this stage. */
export function lengthFinding(policy: Policy, stage: Stage, length: number): Finding | undefined {
  const limit = policy.maxCharacters[stage];
  if (limit === undefined || length <= limit) return undefined;
  return {
    detector: LENGTH_LIMIT,
    category: "limit",
    start: limit,
    end: length,
    score: 1,
    action: "block",
    replacement: "",
    rule: "max_characters",
    explanation: `Longer than the ${limit} characters that the policy admits here.`,
  };
}
