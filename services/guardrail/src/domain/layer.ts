/**
 * The layers of a check, in the order in which they decide: the first with a blocking finding is the one that decided.
 * All of them report what they find.
 */
export const LAYERS = ["limits", "encoding", "patterns", "data", "injection", "content", "output"] as const;
/** A layer of a check. */
export type Layer = (typeof LAYERS)[number];

const byCategory: ReadonlyMap<string, Layer> = new Map<string, Layer>([
  ["limit", "limits"],
  ["encoding", "encoding"],
  ["hidden", "encoding"],
  ["blocked_pattern", "patterns"],
  ["pii", "data"],
  ["secret", "data"],
  ["prompt_injection", "injection"],
  ["jailbreak", "injection"],
  ["length", "output"],
  ["json_schema", "output"],
  ["prompt_leak", "output"],
  ["groundedness", "output"],
  ["tone", "output"],
  ["language", "output"],
  ["url", "output"],
  ["commitment", "output"],
]);

/** The layer that findings of a category belong to; content categories have no entry of their own. */
export function layerOf(category: string): Layer {
  return byCategory.get(category) ?? "content";
}
