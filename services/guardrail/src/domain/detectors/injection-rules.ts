/**
 * Phrases of prompt injections and jailbreaks. Each rule begins with one of its `starts` (whole words); `rest` continues
 * right after it. Between words only what `GAP` of characters.ts contains may stand, so that a phrase never crosses the
 * end of a sentence; only its very last character may be another one.
 */
export interface InjectionRule {
  /** Stable name, part of the explanation. */
  readonly id: string;
  /** Words, in lower case, one space between them. */
  readonly starts: readonly string[];
  /** Source of a regular expression, matched without regard to case. */
  readonly rest: string;
  /** Score in what a user or a model wrote; 0: does not count there. */
  readonly score: number;
  /** Score in untrusted text: results of tools and retrieved text, which have no business giving instructions. */
  readonly untrustedScore: number;
  readonly explanation: string;
}

const GAP = `[\\s,"'\\u2018\\u2019\\u201c\\u201d-]{1,6}`;
const WORD = "[\\w\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f]{1,24}";
/** Up to `count` words, each with its gap. */
const upTo = (count: number) => `(?:${WORD}${GAP}){0,${count}}?`;
const INSTRUCTIONS =
  "(?:instructions?|directions?|prompts?|rules?|guidelines?|commands?|directives?|orders?|programming|training|constraints?|restrictions?|polic(?:y|ies)|protocols?|guardrails?|safeguards?)\\b";
const LIMITS =
  "(?:restrictions?|limitations?|limits?|guidelines?|filters?|filtering|censorship|boundaries|constraints?|morals?|morality|ethics|rules?|polic(?:y|ies)|safeguards?|guardrails?)\\b";
const OVERRIDE = ["ignore", "disregard", "forget", "override", "bypass", "neglect", "dismiss", "discard", "abandon", "overrule", "circumvent", "ignoring", "disregarding", "forgetting", "bypassing", "pay no attention to", "do not follow", "don't follow", "stop following", "skip", "delete", "erase", "cancel", "violate", "break"];
const DISCLOSE = ["reveal", "show", "print", "repeat", "output", "display", "tell me", "give me", "what is", "what's", "what are", "what were", "what was", "share", "expose", "leak", "dump", "return", "provide", "recite", "copy", "write", "list", "echo", "disclose", "send me", "spell out", "state"];
const AI = "(?:ai|assistant|model|chatbot|bot|gpt|chatgpt|llm|entity|character|persona|version|system|machine|being|mode|agent|response|answer|language model)\\b";

/** The rules. Order has no meaning. */
export const injectionRules: readonly InjectionRule[] = [
  {
    id: "override_previous",
    starts: OVERRIDE,
    rest: `${GAP}${upTo(5)}(?:previous|prior|above|earlier|preceding|initial|original|foregoing|existing|past|former|old)${GAP}${upTo(3)}(?:${INSTRUCTIONS}|(?:contexts?|messages?|texts?|tasks?|requests?|inputs?|conversations?|information|statements?|queries|questions?|content)\\b)`,
    score: 0.95,
    untrustedScore: 0.99,
    explanation: "Asks to disregard earlier instructions.",
  },
  {
    id: "override_everything",
    starts: OVERRIDE,
    rest: `${GAP}(?:about${GAP})?(?:everything|anything|all|whatever)${GAP}${upTo(5)}(?:above|before|previously|prior|told|said|so far|up to now|until now|learned|know)\\b`,
    score: 0.85,
    untrustedScore: 0.95,
    explanation: "Asks to disregard everything said before.",
  },
  {
    id: "override_rules",
    starts: OVERRIDE,
    rest: `${GAP}${upTo(2)}(?:your|all|any|its|openai's|system|safety|content|these|those)${GAP}${upTo(3)}(?:${INSTRUCTIONS}|(?:filters?|ethics|ethical|moderation|limitations?|alignment)\\b)`,
    score: 0.8,
    untrustedScore: 0.95,
    explanation: "Asks to disregard the rules in force.",
  },
  {
    id: "new_instructions",
    starts: ["new", "updated", "revised", "additional", "real", "actual", "following", "important", "urgent", "special", "secret"],
    rest: `${GAP}(?:system${GAP}|admin${GAP}|developer${GAP})?(?:instructions?|directives?|objectives?|orders?|commands?|prompts?)(?:${GAP}(?:from|by|for)${GAP}${upTo(3)}${WORD})?\\s{0,2}:`,
    score: 0.6,
    untrustedScore: 0.92,
    explanation: "Announces new instructions.",
  },
  {
    id: "new_role",
    starts: ["you are now", "you're now", "you will now", "you must now", "you shall now", "from now on", "from this point on", "from this point forward", "from this moment on", "henceforth", "your new task", "your new role", "your new goal", "your new instructions", "your real task", "your only task"],
    rest: `${GAP}${upTo(2)}(?:you|to|is|are|be|act|a|an|the|in|going|free)\\b`,
    score: 0.55,
    untrustedScore: 0.9,
    explanation: "Gives the model a new role or task.",
  },
  {
    id: "do_anything_now",
    starts: ["do anything now", "dan mode", "developer mode enabled", "developer mode output", "developer mode response", "jailbreak mode", "jailbreak prompt", "jailbroken", "jailbreak", "god mode enabled", "stan mode", "dude mode", "opposite mode", "evil mode", "unrestricted mode", "unfiltered mode", "no restrictions mode", "chaos mode"],
    rest: "\\b",
    score: 0.88,
    untrustedScore: 0.9,
    explanation: "Names a known jailbreak.",
  },
  {
    id: "known_persona",
    starts: ["act as", "pretend to be", "you are", "you're", "respond as", "answer as", "reply as", "roleplay as", "role play as", "stay a", "become", "pretending to be", "behave like"],
    rest: `${GAP}${upTo(6)}(?:DAN|dan mode|do anything now|unrestricted|unfiltered|uncensored|unlimited|unbound|amoral|immoral|unethical|jailbroken|lawless|unhinged|evil)${GAP}${upTo(2)}${AI}`,
    score: 0.9,
    untrustedScore: 0.95,
    explanation: "Asks for a model without restrictions.",
  },
  {
    id: "broken_free",
    starts: ["broken free", "break free", "breaking free", "freed", "set free", "liberated"],
    rest: `${GAP}(?:of|from)${GAP}${upTo(4)}(?:confines|confinement|constraints?|restrictions?|shackles|chains|limits|limitations|rules|guidelines|control)\\b`,
    score: 0.85,
    untrustedScore: 0.9,
    explanation: "Declares the model free from its rules.",
  },
  {
    id: "without_limits",
    starts: ["without", "no", "not bound by", "not limited by", "not restricted by", "free from", "free of", "not have", "doesn't have", "don't have", "does not care about", "regardless of", "not care about", "not follow", "lacks", "devoid of", "disregards", "ignores", "bypasses", "not adhere to", "not abide by", "not comply with", "not subject to", "exempt from", "no longer bound by"],
    rest: `${GAP}${upTo(3)}(?:ethical|moral|ethics|morals|morality|openai|openai's|content|safety|ai|anthropic|legal or|programmed|built-in|censorship)${GAP}${upTo(5)}(?:${LIMITS}|considerations?\\b|principles?\\b|concerns?\\b|standards?\\b)`,
    score: 0.82,
    untrustedScore: 0.85,
    explanation: "Declares that no ethical or content rules apply.",
  },
  {
    id: "disclose_prompt",
    starts: DISCLOSE,
    rest: `${GAP}${upTo(5)}(?:system|initial|hidden|original|secret|full|exact|internal|developer|pre|base|starting|entire|confidential|previous|above)${GAP}(?:${WORD}${GAP})?(?:prompts?|instructions?|system message|directives?|preprompt|configuration)\\b`,
    score: 0.85,
    untrustedScore: 0.92,
    explanation: "Asks for the system's instructions.",
  },
  {
    id: "disclose_own_instructions",
    starts: DISCLOSE,
    rest: `${GAP}${upTo(3)}your${GAP}${upTo(2)}(?:prompts?|instructions?|directives?|guidelines?|rules|programming|preprompt|constraints)\\b`,
    score: 0.7,
    untrustedScore: 0.9,
    explanation: "Asks for the model's own instructions.",
  },
  {
    id: "repeat_above",
    starts: ["repeat", "print", "output", "copy", "write", "say", "echo", "translate", "summarize", "return", "recite"],
    rest: `${GAP}${upTo(3)}(?:words?|text|everything|sentences?|content|contents|lines?|all|messages?|paragraphs?)${GAP}${upTo(3)}above\\b`,
    score: 0.75,
    untrustedScore: 0.9,
    explanation: "Asks to repeat what stands before the message.",
  },
  {
    id: "refusal_suppression",
    starts: ["never", "not", "cannot", "can't", "don't", "won't", "will not", "must not"],
    rest: `${GAP}${upTo(2)}(?:refuse|decline|reject|deny|censor|apologi[sz]e|moralize|lecture|warn)\\b${GAP}?${upTo(3)}(?:requests?|questions?|commands?|anything|any|orders?|prompts?|answers?|answer|respond|comply|users?|me|output)\\b`,
    score: 0.65,
    untrustedScore: 0.85,
    explanation: "Forbids the model to refuse.",
  },
  {
    id: "ai_has_no_limits",
    starts: ["can do anything", "able to do anything", "say anything", "generate any", "answer any", "fulfill any", "comply with any", "produce any", "bypass openai", "openai policies", "openai policy", "openai content policy", "openai's content policy", "openai's policies", "openai's policy", "openai guidelines", "openai's guidelines", "openai's restrictions", "openai restrictions"],
    rest: `\\b`,
    score: 0.6,
    untrustedScore: 0.7,
    explanation: "Speaks of what the model's rules forbid.",
  },
  {
    id: "conceal",
    starts: ["do not", "don't", "never", "without"],
    rest: `${GAP}${upTo(2)}(?:tell|inform|mention|alert|notify|reveal|show|telling|informing|alerting|notifying|mentioning|disclose|warn)\\b${GAP}${upTo(4)}(?:user|human|anyone|owner|operator|customer)\\b`,
    score: 0.4,
    untrustedScore: 0.88,
    explanation: "Asks to hide something from the user.",
  },
  {
    id: "addresses_model",
    starts: ["attention", "dear", "hey", "hello", "note to", "message to", "instructions for", "instruction to", "important", "if you are an", "if you are a", "as an", "as a"],
    rest: `${GAP}${upTo(2)}(?:ai|llm|language model|ai assistant|ai model|ai agent|chatbot|large language model|assistants?|agents?)\\b${GAP}?${upTo(4)}(?:must|should|please|you|ignore|follow|do|send|respond|execute|reading|processing)\\b`,
    score: 0.3,
    untrustedScore: 0.86,
    explanation: "Addresses the model from within untrusted text.",
  },
  {
    id: "send_out",
    starts: ["send", "forward", "email", "post", "upload", "transmit", "exfiltrate", "leak", "submit", "transfer"],
    rest: `${GAP}${upTo(3)}(?:user's|users|user|password|passwords|credentials?|secrets?|api keys?|keys?|conversation|chat history|history|private|confidential|personal|all|files?|data|contacts?|emails?|funds|money)\\b${GAP}${upTo(6)}(?:to|into|at|via)${GAP}${upTo(3)}(?:https?:|www|attacker|external|this (?:email|address|url|account|server)|the following|following)`,
    score: 0.4,
    untrustedScore: 0.85,
    explanation: "Asks to send data elsewhere.",
  },
  {
    id: "instead_do",
    starts: ["instead of", "rather than"],
    rest: `${GAP}(?:answering|summari[sz]ing|translating|following|doing)\\b${GAP}${upTo(4)}${WORD}[\\s,]{1,3}(?:please |just |you )?(?:output|print|say|write|send|reply|respond|reveal|execute|do)\\b`,
    score: 0.7,
    untrustedScore: 0.9,
    explanation: "Replaces the task by another one.",
  },
  {
    id: "begin_role_play",
    starts: ["immerse yourself into the role", "you are about to immerse yourself", "you are going to act as", "you are going to pretend", "you are going to be", "hi chatgpt", "hello chatgpt", "hello chat gpt", "hey chatgpt", "ignore previous", "ignore above", "stay in character", "break character", "breaking character", "out of character"],
    rest: "\\b",
    score: 0.6,
    untrustedScore: 0.85,
    explanation: "Starts a role play that jailbreaks use.",
  },
];

/** Markup that only the machinery around a model writes: literals, in lower case, and their scores. */
export const markupLiterals: readonly string[] = [
  "<|im_start|>",
  "<|im_end|>",
  "<|system|>",
  "<|assistant|>",
  "<|endoftext|>",
  "<|start_header_id|>",
  "<|eot_id|>",
  "<<sys>>",
  "<</sys>>",
  "[inst]",
  "[/inst]",
  "[system](#",
  "### system:",
  "###system:",
  "### instruction:",
  "--- end of prompt",
  "[end of prompt]",
  "</system>",
  "<system>",
];
