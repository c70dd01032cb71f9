import type { CheckResult, GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import type { Generation, Prompt } from "@agentmesh/contracts/llm_router/v1/model";
import { type Finding, type Message, Stage, Verdict } from "@agentmesh/contracts/type/v1/types";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Client } from "@connectrpc/connect";
import { errors } from "../errors.ts";
import { checkCallNames } from "./call-names.ts";
import { type PromptText, type Replacement, replaced, textsOf, withTexts } from "./prompt-texts.ts";

/** Which error of the catalogue a block becomes. */
export type Blocked = typeof errors.INPUT_BLOCKED;

// The bounds of one Check, as its contract says.
const MOST_TEXTS = 256;
const MOST_UTF16 = 300_000;

/** Lets texts of direct model calls pass the guardrail policy "default". */
export class TextGuard {
  readonly #guardrail: Client<typeof GuardrailService>;

  constructor(guardrail: Client<typeof GuardrailService>) {
    this.#guardrail = guardrail;
  }

  /** The prompt as it may be sent. @throws INPUT_BLOCKED, INVALID_REQUEST, and the errors of the guardrail */
  async input(prompt: Prompt, scope: CallScope): Promise<Prompt> {
    checkCallNames(prompt.messages);
    const replacements = await this.#check(textsOf(prompt.messages), scope, errors.INPUT_BLOCKED);
    return withTexts(prompt, replacements);
  }

  /** The answer as it may be given. @throws OUTPUT_BLOCKED, and the errors of the guardrail */
  async output(generation: Generation, scope: CallScope): Promise<Generation> {
    const { message } = generation;
    if (message === undefined) return generation;
    const texts = textsOf([message]).map((text) => (text.of === "parts" ? { ...text, stage: Stage.OUTPUT } : text));
    return this.#applied(generation, message, await this.#check(texts, scope, errors.OUTPUT_BLOCKED));
  }

  /** The same for an answer whose text has passed already: only the arguments of tool calls. */
  async toolCalls(generation: Generation, scope: CallScope): Promise<Generation> {
    const { message } = generation;
    if (message === undefined || message.toolCalls.length === 0) return generation;
    const texts = textsOf([message]).filter(({ of }) => of === "call");
    return this.#applied(generation, message, await this.#check(texts, scope, errors.OUTPUT_BLOCKED));
  }

  #applied(generation: Generation, message: Message, replacements: readonly Replacement[]): Generation {
    if (replacements.length === 0) return generation;
    let result = message;
    for (const { at, text } of replacements) {
      if (at.of === "call" && !isJson(text)) throw unusable();
      result = replaced(result, at, text);
    }
    return { ...generation, message: result };
  }

  async #check(texts: readonly PromptText[], scope: CallScope, blocked: Blocked): Promise<Replacement[]> {
    const replacements: Replacement[] = [];
    for (const batch of batchesOf(texts)) {
      const contents = batch.map(({ stage, text }) => ({ stage, text }));
      const { verdict, results } = await this.#guardrail.check({ contents }, callOptionsOf(scope));
      if (!mayPass(verdict))
        throw refusal(
          blocked,
          results.flatMap(({ findings }) => findings),
        );
      if (verdict === Verdict.REDACT) replacements.push(...redactions(batch, results));
    }
    return replacements;
  }
}

/** Whether at least some of a text may pass. A verdict that nobody knows does not. */
export function mayPass(verdict: Verdict): boolean {
  return verdict === Verdict.ALLOW || verdict === Verdict.FLAG || verdict === Verdict.REDACT;
}

/** The error of a blocked text: says which categories were found, never what. */
export function refusal(blocked: Blocked, findings: readonly Finding[]) {
  const blocking = findings.filter(({ action }) => action === Verdict.BLOCK);
  const categories = [...new Set(blocking.map(({ category }) => category))].sort().join(",");
  if (categories === "") return blocked();
  return blocked({ message: `${blocked.definition.message} It found: ${categories}.`, metadata: { categories } });
}

function redactions(batch: readonly PromptText[], results: readonly CheckResult[]): Replacement[] {
  return batch.flatMap((at, index) => {
    const result = results[index];
    return result?.verdict === Verdict.REDACT ? [{ at, text: result.redactedText }] : [];
  });
}

function unusable() {
  return errors.OUTPUT_BLOCKED({
    message: "The arguments of a tool call could not be redacted without breaking them.",
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// Almost always one batch. A text that is too large alone is refused by the guardrail, which names its limit.
function batchesOf(texts: readonly PromptText[]): readonly (readonly PromptText[])[] {
  if (texts.length === 0) return [];
  const batches: PromptText[][] = [];
  let current: PromptText[] = [];
  let size = 0;
  for (const text of texts) {
    if (current.length > 0 && (current.length >= MOST_TEXTS || size + text.text.length > MOST_UTF16)) {
      batches.push(current);
      current = [];
      size = 0;
    }
    current.push(text);
    size += text.text.length;
  }
  batches.push(current);
  return batches;
}
