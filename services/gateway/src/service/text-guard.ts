import type {
  CheckResult,
  GuardrailService,
  OutputContext,
  Refusal,
} from "@agentmesh/contracts/guardrail/v1/guardrail";
import type { Generation, Prompt } from "@agentmesh/contracts/llm_router/v1/model";
import { type Finding, type Message, Stage, Verdict } from "@agentmesh/contracts/type/v1/types";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { Client } from "@connectrpc/connect";
import { errors } from "../errors.ts";
import { checkCallNames } from "./call-names.ts";
import { outputContext } from "./output-context.ts";
import { type PromptText, type Replacement, replaced, textsOf, withTexts } from "./prompt-texts.ts";

/** Which error of the catalogue a block becomes. */
export type Blocked = typeof errors.INPUT_BLOCKED;

// The bounds of one Check, as its contract says.
const MOST_TEXTS = 256;
const MOST_UTF16 = 300_000;

/** Tenants whose policy's wants are remembered. */
const MOST_REMEMBERED = 1024;

/** Lets texts of direct model calls pass the guardrail policy "default". */
export class TextGuard {
  readonly #guardrail: Client<typeof GuardrailService>;
  /** Whether the policy wants to know what an answer was made from, by tenant, as its latest answer said. */
  readonly #wants = new Map<string, boolean>();

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
  async output(generation: Generation, scope: CallScope, prompt: Prompt): Promise<Generation> {
    const { message } = generation;
    if (message === undefined) return generation;
    const context = this.context(prompt, scope);
    const texts = textsOf([message]).map((text) => (text.of === "parts" ? { ...text, stage: Stage.OUTPUT } : text));
    return this.#applied(generation, message, await this.#check(texts, scope, errors.OUTPUT_BLOCKED, context));
  }

  /** What an answer is made from, where the policy makes use of it: the check of the input has said so. */
  context(prompt: Prompt, scope: CallScope): OutputContext | undefined {
    return this.#wants.get(tenantOf(scope)) === false ? undefined : outputContext(prompt);
  }

  /** The same for an answer whose text has passed already: only the arguments of tool calls. */
  async toolCalls(generation: Generation, scope: CallScope): Promise<Generation> {
    const { message } = generation;
    if (message === undefined || message.toolCalls.length === 0) return generation;
    const texts = textsOf([message]).filter(({ of }) => of === "call");
    return this.#applied(generation, message, await this.#check(texts, scope, errors.OUTPUT_BLOCKED));
  }

  #learn(scope: CallScope, wantsContext: boolean): void {
    if (this.#wants.size >= MOST_REMEMBERED) this.#wants.clear();
    this.#wants.set(tenantOf(scope), wantsContext);
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

  async #check(
    texts: readonly PromptText[],
    scope: CallScope,
    blocked: Blocked,
    context?: OutputContext,
  ): Promise<Replacement[]> {
    const replacements: Replacement[] = [];
    for (const batch of batchesOf(texts)) {
      const contents = batch.map(({ stage, text }) => ({ stage, text }));
      const request = context === undefined ? { contents } : { contents, context };
      const { verdict, results, wants } = await this.#guardrail.check(request, callOptionsOf(scope));
      this.#learn(scope, wants.length > 0);
      if (!mayPass(verdict))
        throw refusal(
          blocked,
          results.flatMap(({ findings }) => findings),
          results.find((result) => result.refusal !== undefined)?.refusal,
        );
      if (verdict === Verdict.REDACT) replacements.push(...redactions(batch, results));
    }
    return replacements;
  }
}

function tenantOf({ credential }: CallScope): string {
  return credential?.principal.tenant ?? "";
}

/** Whether at least some of a text may pass. A verdict that nobody knows does not. */
export function mayPass(verdict: Verdict): boolean {
  return verdict === Verdict.ALLOW || verdict === Verdict.FLAG || verdict === Verdict.REDACT;
}

/** The error of a blocked text: says which categories were found, why, and what to do instead; never what was found. */
export function refusal(blocked: Blocked, findings: readonly Finding[], explained: Refusal | undefined) {
  const blocking = findings.filter(({ action }) => action === Verdict.BLOCK);
  const categories = [...new Set(blocking.map(({ category }) => category))].sort().join(",");
  if (categories === "") return blocked();
  const { reason = "", alternative = "", layer = "", rule = "", appeal = "" } = explained ?? {};
  const message = `${blocked.definition.message} It found: ${categories}. ${reason} ${alternative}`.trim();
  const details = explained === undefined ? {} : { reason, alternative, layer, rule, appeal };
  return blocked({ message, metadata: { categories, ...details } });
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
