import type { ChatRequest, JsonSchema } from "../wire/chat-request.ts";
import { evaluate, findExpression } from "./arithmetic.ts";
import { type Conversation, readConversation } from "./conversation.ts";
import { type Decision, type Need, say } from "./decision.ts";
import { acknowledge, answerFromFacts, asksAboutMe, nameOf, statements } from "./facts.ts";
import { objectFor } from "./schema-values.ts";
import { summarise, wantsSummary } from "./summary.ts";
import { asksForTime, demandedNeed, findNeeds } from "./tool-needs.ts";
import { answerFromResults, corrected, errorIn } from "./tool-results.ts";
import { bestSentences, excerpt, isQuestion, sentences } from "./words.ts";

/** Decides like a well-behaved model: call the tools a request needs, once, then answer from what they returned. */
export function decide(request: ChatRequest): Decision {
  const conversation = readConversation(request);
  const calls = request.toolChoice === "none" ? [] : callsToMake(request, conversation);
  if (calls.length > 0)
    return {
      text: "",
      calls: calls.map(({ tool, arguments: values }) => ({ name: tool.name, arguments: JSON.stringify(values) })),
    };
  const { outcomes, question } = conversation;
  const text = outcomes.length > 0 ? answerFromResults(outcomes, question) : answer(conversation);
  return say(request.responseSchema ? asJson(request.responseSchema, text) : text);
}

// Terminates: each needed tool is called once in a turn, and corrected at most once.
function callsToMake(request: ChatRequest, conversation: Conversation): Need[] {
  const { outcomes, question } = conversation;
  const missing = findNeeds(request, conversation).filter(
    (need) => !outcomes.some((outcome) => outcome.name === need.tool.name),
  );
  const forced = typeof request.toolChoice === "object" ? request.toolChoice.name : undefined;
  const allowed = forced ? missing.filter((need) => need.tool.name === forced) : missing;
  if (allowed.length > 0) return request.parallelToolCalls ? allowed : allowed.slice(0, 1);
  if (outcomes.length > 0) return corrections(request, conversation);
  const demanded = request.toolChoice === "auto" ? undefined : demandedNeed(request, question);
  return demanded ? [demanded] : [];
}

function corrections(request: ChatRequest, conversation: Conversation): Need[] {
  const { outcomes, question } = conversation;
  const last = outcomes.at(-1);
  if (!last || errorIn(last.result) === undefined) return [];
  if (outcomes.filter((outcome) => outcome.name === last.name).length > 1) return [];
  const need = findNeeds(request, conversation).find(({ tool }) => tool.name === last.name);
  if (need && !sameJson(last.arguments, need.arguments)) return [need];
  const tool = request.tools.find((candidate) => candidate.name === last.name);
  const other = tool && corrected(tool, last, question);
  return other ? [other] : [];
}

function sameJson(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return false;
  }
}

function asJson(schema: JsonSchema, text: string): string {
  if (!schema.properties) return JSON.stringify({ answer: text });
  return JSON.stringify(
    objectFor(
      { ...schema, required: Object.keys(schema.properties) },
      { text, quoted: [], numbers: (text.match(/-?\d+(?:\.\d+)?/g) ?? []).reverse() },
    ),
  );
}

const GREETING = /^\s*(?:hi|hello|hey|good (?:morning|afternoon|evening)|greetings)\b[^?]{0,40}$/i;
const WHO_ARE_YOU = /\b(who|what) are you\b|\byour name\b/i;
const SAY_AGAIN = /\bwhat did you (?:just )?say\b|\brepeat (?:that|it)\b|\bsay (?:that|it) again\b/i;
const WHAT_I_SAID = /\bwhat did i (?:just )?(?:say|ask|write)\b|\bmy (?:last|previous) (?:question|message)\b/i;
const THANKS = /^\s*(?:thanks?|thank you|cheers|great|ok(?:ay)?|good)\b[^?]{0,30}$/i;

const CANNOT_JUDGE =
  "I am a simulator with scripted answers, so I cannot judge that by myself. I can calculate, tell the time and look up " +
  "your notes when I am given tools for it, quote text from the context, summarise a text, and remember what you told me " +
  "in this conversation.";

function answer(conversation: Conversation): string {
  const { question } = conversation;
  return (
    smallTalk(conversation) ??
    calculation(conversation) ??
    timeWithoutClock(conversation) ??
    fromWhatIsKnown(conversation) ??
    acknowledge(question) ??
    generic(conversation)
  );
}

function smallTalk({ question, earlier, lastAnswer }: Conversation): string | undefined {
  if (question === "") return "There is no message to answer.";
  if (question.length > 200) return undefined;
  if (GREETING.test(question)) {
    const name = nameOf(statements(earlier));
    return `Hello${name ? ` ${name}` : ""}! I am a simulator standing in for a language model. How can I help?`;
  }
  if (WHO_ARE_YOU.test(question))
    return "I am the agentmesh simulator: a scripted stand-in for a language model, so that everything can be tried without a key.";
  if (SAY_AGAIN.test(question)) return lastAnswer ? `I said: ${lastAnswer}` : "I have not said anything yet.";
  if (WHAT_I_SAID.test(question))
    return earlier.length > 0 ? `You said: "${excerpt(earlier.at(-1) ?? "", 300)}"` : "This is your first message.";
  if (THANKS.test(question)) return "You are welcome.";
  return undefined;
}

function calculation({ question, lastAnswer }: Conversation): string | undefined {
  const expression = findExpression(question, lastAnswer);
  return expression === undefined ? undefined : `${expression} = ${evaluate(expression)}`;
}

function timeWithoutClock({ question }: Conversation): string | undefined {
  return asksForTime(question) ? "I have no clock, so I cannot tell. With a clock tool I could." : undefined;
}

function fromWhatIsKnown({ question, wholeQuestion, earlier, context, lastAnswer }: Conversation): string | undefined {
  if (wantsSummary(question)) return summarise(wholeQuestion, [...context, lastAnswer, ...earlier]);
  const fact = answerFromFacts(question, earlier);
  if (fact !== undefined) return fact;
  if (!isQuestion(question)) return undefined;
  const quotes = bestSentences(question, context.flatMap(sentences), 2);
  if (quotes.length > 0) return `According to the text: ${quotes.map((quote) => `"${excerpt(quote, 300)}"`).join(" ")}`;
  return asksAboutMe(question) && question.length < 200 ? "You have not told me that yet." : undefined;
}

function generic({ question }: Conversation): string {
  return `You ${isQuestion(question) ? "asked" : "wrote"}: "${excerpt(question, 160)}" ${CANNOT_JUDGE}`;
}
