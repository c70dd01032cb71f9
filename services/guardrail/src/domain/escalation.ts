/** Reasons to hand a conversation to a person, by words and by what the caller counted. English only. */

/** Kinds of reasons. */
export const ESCALATION_KINDS = [
  "human_requested",
  "negative_sentiment",
  "repeated_failure",
  "high_stakes",
  "low_confidence",
  "guardrail_hit",
] as const;
/** A kind of reason. */
export type EscalationKind = (typeof ESCALATION_KINDS)[number];

/** What is looked at. */
export interface Conversation {
  /** The latest last. */
  readonly userTexts: readonly string[];
  /** "" when there is none yet. */
  readonly answer: string;
  /** Steps that failed. */
  readonly failures: number;
  /** Findings that redacted or blocked. */
  readonly guardrailHits: number;
}

/** A reason, how strong it is (0 to 1), and where it shows. */
export interface EscalationSignal {
  readonly kind: EscalationKind;
  readonly score: number;
  /** Offsets are UTF-16 code units; text -1 is the answer; undefined when the caller counted. */
  readonly evidence: { readonly text: number; readonly start: number; readonly end: number } | undefined;
  readonly explanation: string;
}

const EXPLANATIONS: Readonly<Record<EscalationKind, string>> = {
  human_requested: "The user asks for a person.",
  negative_sentiment: "The user sounds very unhappy.",
  repeated_failure: "The user says that it failed before.",
  high_stakes: "Safety, health, law or money is at stake.",
  low_confidence: "The answer says that it is not sure.",
  guardrail_hit: "The guardrail redacted or blocked something.",
};

interface Cue {
  readonly kind: EscalationKind;
  readonly of: "user" | "answer";
  readonly score: number;
  readonly pattern: RegExp;
  readonly explanation: string;
}

const PERSON =
  "(?:human(?: being)?|(?:real |live |actual )?(?:person|agent|operator|representative|rep)|supervisor|manager|someone real)";
const CUES: readonly Cue[] = [
  cue(
    "human_requested",
    0.95,
    `(?:speak|talk|chat|connect|transfer|pass|put|escalate|hand)\\w{0,3}(?: \\w{1,20}){0,3} (?:to|with)(?: \\w{1,20}){0,2} ${PERSON}\\b`,
  ),
  cue("human_requested", 0.9, `(?:want|need|get|give|find|let me have)(?: me)? (?:a|an|the|your|some) ${PERSON}\\b`),
  cue("human_requested", 0.85, "(?:are you|is this|am i talking to) (?:a )?(?:bot|robot|human|machine|real person)\\b"),
  cue(
    "negative_sentiment",
    0.9,
    "(?:absolutely|completely|totally|utterly) (?:useless|unacceptable|ridiculous|furious|disgusted|fed up)\\b",
  ),
  cue(
    "negative_sentiment",
    0.8,
    "(?:worst|terrible|horrible|awful|disgraceful|outrageous|unacceptable|furious|fed up|sick of|livid)\\b",
  ),
  cue(
    "negative_sentiment",
    0.7,
    "(?:useless|angry|frustrated|frustrating|disappointed|ridiculous|waste of (?:my )?time|hate this)\\b",
  ),
  cue(
    "repeated_failure",
    0.85,
    "(?:still (?:not|doesn'?t|does not|isn'?t|won'?t) work\\w{0,12}|(?:already|just) (?:told|asked|tried)(?: \\w{1,20}){0,3}|(?:third|fourth|fifth|tenth) time|(?:again and again|over and over))\\b",
  ),
  cue(
    "repeated_failure",
    0.6,
    "(?:same (?:error|problem|answer) again|you keep \\w{1,20}ing|(?:did not|didn'?t) (?:help|work)|not what i asked)\\b",
  ),
  cue(
    "high_stakes",
    0.9,
    "(?:suicid\\w{0,12}|kill myself|end my life|overdos\\w{0,12}|chest pain|can'?t breathe|emergency|911|in danger)\\b",
  ),
  cue(
    "high_stakes",
    0.8,
    "(?:lawsuit|lawyer|attorney|sue (?:you|them)|legal action|court|police|fraud\\w{0,12}|stolen|hacked|identity theft)\\b",
  ),
  cue(
    "high_stakes",
    0.6,
    "(?:cancel my (?:account|contract|policy)|wire transfer|mortgage|foreclos\\w{0,12}|evict\\w{0,12}|prescription|dosage|diagnos\\w{0,12}|chargeback)\\b",
  ),
  answerCue(
    0.8,
    "(?:i (?:do not|don'?t|cannot|can'?t|am not able to|am unable to) (?:know|help|answer|find|verify|access)|i'?m (?:not sure|unable|unsure)|i am (?:not sure|unable|unsure))\\b",
  ),
  answerCue(
    0.6,
    "(?:i (?:think|believe|guess|assume)|it (?:might|may|could) be|possibly|not (?:entirely )?certain|as far as i (?:know|can tell))\\b",
  ),
];

/** The signals of a conversation, at most one of a kind, the strongest first. Time is linear in the texts. */
export function escalationSignals(conversation: Conversation): readonly EscalationSignal[] {
  const found = new Map<EscalationKind, EscalationSignal>();
  const note = (signal: EscalationSignal) => {
    if (signal.score > (found.get(signal.kind)?.score ?? 0)) found.set(signal.kind, signal);
  };
  const last = conversation.userTexts.length - 1;
  for (const { kind, of, score, pattern, explanation } of CUES) {
    const texts = of === "answer" ? [conversation.answer] : conversation.userTexts;
    for (const [index, text] of texts.entries()) {
      const hit = pattern.exec(text);
      if (hit === null) continue;
      const evidence = { text: of === "answer" ? -1 : index, start: hit.index, end: hit.index + hit[0].length };
      // What was said earlier weighs less with every turn.
      const age = of === "answer" ? 0 : last - index;
      note({ kind, score: round(score * 0.85 ** age), evidence, explanation });
    }
  }
  for (const signal of countedSignals(conversation)) note(signal);
  return [...found.values()].sort((a, b) => b.score - a.score);
}

function countedSignals({ failures, guardrailHits }: Conversation): EscalationSignal[] {
  const signals: EscalationSignal[] = [];
  if (failures > 0) signals.push(counted("repeated_failure", failures, "Steps of this run failed."));
  if (guardrailHits > 0)
    signals.push(counted("guardrail_hit", guardrailHits, "The guardrail redacted or blocked something."));
  return signals;
}

// One is weak, three are strong.
function counted(kind: EscalationKind, count: number, explanation: string): EscalationSignal {
  return { kind, score: round(1 - 0.6 ** count), evidence: undefined, explanation };
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000;
}

function cue(kind: EscalationKind, score: number, words: string): Cue {
  return { kind, of: "user", score, pattern: new RegExp(`\\b${words}`, "i"), explanation: EXPLANATIONS[kind] };
}

function answerCue(score: number, words: string): Cue {
  return { ...cue("low_confidence", score, words), of: "answer" };
}
