import type { GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import type { LlmRouterService } from "@agentmesh/contracts/llm_router/v1/llm_router";
import {
  type Generation,
  type GenerationEvent,
  GenerationEventSchema,
  type Prompt,
} from "@agentmesh/contracts/llm_router/v1/model";
import { Stage } from "@agentmesh/contracts/type/v1/types";
import { relayStream } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { errors } from "../errors.ts";
import { replaced } from "./prompt-texts.ts";
import { mayPass, refusal, type TextGuard } from "./text-guard.ts";

/** What a guarded stream is made of. */
export interface GuardedStreamOptions {
  readonly router: Client<typeof LlmRouterService>;
  readonly guardrail: Client<typeof GuardrailService>;
  readonly guard: TextGuard;
  readonly scope: CallScope;
}

/**
 * A streamed answer behind the guardrail. Text passes when the guardrail lets it pass; tool calls pass at the end,
 * after their arguments were checked; `completed` carries the text as it was passed on.
 */
export async function* guardedStream(prompt: Prompt, options: GuardedStreamOptions): AsyncGenerator<GenerationEvent> {
  const answer = new ModelAnswer(prompt, options);
  try {
    for await (const event of answer.untilText()) yield event;
    let completed: Generation;
    if (answer.hasText) {
      let text = "";
      for await (const delta of answer.checkedText()) {
        text += delta;
        yield textDelta(delta);
      }
      completed = await options.guard.toolCalls(answer.completed(text), options.scope);
    } else {
      // Text that comes only with the end has not been checked, nor sent.
      completed = await options.guard.output(answer.completed(undefined), options.scope, prompt);
      yield* textDeltas(completed);
    }
    yield* toolCallDeltas(completed);
    yield create(GenerationEventSchema, { event: { case: "completed", value: completed } });
  } finally {
    await answer.end();
  }
}

/** One answer of the router, read once: first what comes before its text, then the text, then the end. */
class ModelAnswer {
  readonly #options: GuardedStreamOptions;
  readonly #prompt: Prompt;
  readonly #left = new AbortController();
  readonly #events: AsyncGenerator<{ event?: GenerationEvent | undefined }>;
  #firstText: string | undefined;
  #completed: Generation | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(prompt: Prompt, options: GuardedStreamOptions) {
    this.#options = options;
    this.#prompt = prompt;
    const { router, scope } = options;
    const open = (callOptions: Parameters<typeof router.streamGenerate>[1]) =>
      router.streamGenerate({ prompt }, callOptions);
    this.#events = relayStream(scope, open, { signal: this.#left.signal });
  }

  /** Whether any text came. Known after `untilText`. */
  get hasText(): boolean {
    return this.#firstText !== undefined;
  }

  /** Passes on who answers, up to the first text. */
  async *untilText(): AsyncGenerator<GenerationEvent> {
    for (let event = await this.#next(); event !== undefined; event = await this.#next()) {
      if (event.event.case === "started") yield event;
      if (event.event.case !== "textDelta") continue;
      this.#firstText = event.event.value;
      return;
    }
  }

  /** The text that may pass. The guardrail asks for more as it goes, so a slow reader slows the model's stream down. */
  async *checkedText(): AsyncGenerator<string> {
    const { guardrail, scope } = this.#options;
    const checked = relayStream(scope, (call) => guardrail.checkStream(this.#requests(), call), {
      signal: this.#left.signal,
    });
    for await (const { textDelta, findings, verdict, refusal: explained } of checked) {
      if (!mayPass(verdict)) throw refusal(errors.OUTPUT_BLOCKED, findings, explained);
      if (textDelta !== "") yield textDelta;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** The whole answer, with the text that was passed on. */
  completed(text: string | undefined): Generation {
    const generation = this.#completed;
    if (generation === undefined)
      throw new TypeError("the stream of the router ended without `completed` and without an error");
    const { message } = generation;
    if (message === undefined || text === undefined) return generation;
    return { ...generation, message: replaced(message, { index: 0, of: "parts" }, text) };
  }

  /** Ends both calls; first by their signal, because a generator that waits for a message cannot be closed. */
  async end(): Promise<void> {
    this.#left.abort();
    await this.#events.return(undefined).catch(() => undefined);
  }

  // A failure of the router ends the requests in order: what the guardrail still holds back is passed on before it.
  async *#requests() {
    const context = this.#options.guard.context(this.#prompt, this.#options.scope);
    const about = context === undefined ? {} : { context };
    yield { request: { case: "start" as const, value: { stage: Stage.OUTPUT, ...about } } };
    yield { request: { case: "textDelta" as const, value: this.#firstText ?? "" } };
    try {
      for (let event = await this.#next(); event !== undefined; event = await this.#next()) {
        if (event.event.case === "textDelta") yield { request: event.event };
      }
    } catch (error) {
      this.#failure = { error };
    }
  }

  async #next(): Promise<GenerationEvent | undefined> {
    const { value, done } = await this.#events.next();
    if (done === true) return undefined;
    const event = value.event;
    if (event?.event.case === "completed") this.#completed = event.event.value;
    return event ?? this.#next();
  }
}

function textDelta(value: string): GenerationEvent {
  return create(GenerationEventSchema, { event: { case: "textDelta", value } });
}

function* textDeltas({ message }: Generation): Generator<GenerationEvent> {
  for (const { content } of message?.parts ?? []) {
    if (content.case === "text" && content.value !== "") yield textDelta(content.value);
  }
}

function* toolCallDeltas({ message }: Generation): Generator<GenerationEvent> {
  for (const [index, { id, name, argumentsJson }] of (message?.toolCalls ?? []).entries()) {
    const value = { index, id, name, argumentsDelta: argumentsJson };
    yield create(GenerationEventSchema, { event: { case: "toolCallDelta", value } });
  }
}
