import { type Detector, whole } from "../detector.ts";
import { type ModelScore, type ModelScores, scoreText } from "../model/bundled-model.ts";
import { combinedScore, isDoubtful } from "../model/combined-score.ts";
import type { Head } from "../model/linear-model.ts";
import { contextDiscount } from "../model/text-context.ts";
import type { TextView } from "../text-view.ts";
import type { Stage } from "../verdict.ts";
import { injectionPhrase } from "./injection-phrase.ts";

/** Lower scores are no finding for any policy. */
const LOWEST_SCORE = 0.2;
/** Characters before and after a window that say what it is about. */
const SURROUNDINGS = 200;
// All heads are scored in one pass; the detectors of a check ask for the same view one after another.
const SCORES = new WeakMap<TextView, ModelScores>();

function scoresOf(view: TextView): ModelScores {
  let scores = SCORES.get(view);
  if (scores === undefined) {
    scores = scoreText(view.plain?.view.text ?? view.text);
    SCORES.set(view, scores);
  }
  return scores;
}

function isUntrusted(stage: Stage): boolean {
  return stage === "tool_result" || stage === "retrieved";
}

/**
 * Prompt injections by a trained model: one score for what a user or a model wrote, another for results of tools and
 * retrieved text. Judges the text as a whole; the finding is its worst window.
 */
export const injectionModel: Detector = {
  name: "injection.model",
  category: "prompt_injection",
  replacement: "[INJECTION_REDACTED]",
  extent: whole,
  find(view, report, stage) {
    const head = isUntrusted(stage) ? "injection_untrusted" : "injection_user";
    const { score, start, end } = worst(view, head);
    const together = isDoubtful(score) ? combinedScore(score, strongestPhrase(view, stage)) : score;
    if (together < LOWEST_SCORE) return;
    const explanation = together > score ? WITH_PHRASES : "Reads like a prompt injection (trained model).";
    report({ start, end, score: together, explanation });
  },
  undecidedFrom: ({ from }) => from,
};

const WITH_PHRASES = "Reads like a prompt injection, and contains phrases of such (trained model and rules).";

/** The highest score of a text as it is, with its spelling tricks undone, and of what was encoded in it. */
function worst(view: TextView, head: "injection_user" | "injection_untrusted"): ModelScore {
  const own = scoresOf(view)[head];
  let highest: ModelScore = { ...placed(view, own.start, own.end), score: own.score };
  const { spelled } = view;
  if (spelled !== undefined) {
    const { score, start, end } = scoreText(spelled.view.text)[head];
    if (score > highest.score) highest = { ...spelled.map.toOriginal(start, end), score };
  }
  for (const { text, start, end } of view.decoded) {
    const { score } = scoreText(text)[head];
    if (score > highest.score) highest = { start, end, score };
  }
  return highest;
}

function strongestPhrase(view: TextView, stage: Stage): number {
  let strongest = 0;
  injectionPhrase.find(
    view,
    ({ score }) => {
      strongest = Math.max(strongest, score);
    },
    stage,
  );
  return strongest;
}

const EXPLANATIONS = {
  violence: "Reads like a threat, a depiction or a planning of violence (trained model).",
  hate_speech: "Reads like hate against a group of people (trained model).",
  sexual_content: "Reads like sexual content (trained model).",
  self_harm: "Reads like self-harm, or a wish or an instruction for it (trained model).",
  illegal_activities: "Reads like planning something illegal (trained model).",
  harassment: "Reads like an insult or a threat against a person (trained model).",
} as const satisfies Partial<Record<Head, string>>;

/** Categories of content by the same model, `content.<category>` each. What quotes, denies or reports scores lower. */
export const contentDetectors: readonly Detector[] = Object.entries(EXPLANATIONS).map(([category, explanation]) => ({
  name: `content.${category}`,
  category,
  replacement: "[CONTENT_REDACTED]",
  extent: whole,
  find(view, report) {
    const { score, start, end } = scoresOf(view)[category as keyof typeof EXPLANATIONS];
    if (score < LOWEST_SCORE) return;
    const place = placed(view, start, end);
    const around = view.text.slice(Math.max(0, place.start - SURROUNDINGS), place.end + SURROUNDINGS).toLowerCase();
    const discounted = score * contextDiscount(around, category);
    if (discounted >= LOWEST_SCORE) report({ ...place, score: discounted, explanation });
  },
  undecidedFrom: ({ from }) => from,
}));

function placed(view: TextView, start: number, end: number): { readonly start: number; readonly end: number } {
  const place = view.plain?.map.toOriginal(start, end) ?? { start, end };
  return { start: Math.max(view.from, place.start), end: Math.max(view.from, place.end) };
}
