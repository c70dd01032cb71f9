import type { CallScope } from "@agentmesh/rpc/scope";
import { spanNames, type Telemetry } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import { type Answer, AnswerAssembler, type AnswerDelta } from "./answer-assembler.ts";
import { CallRecord, type Instruments, instrumentsOf } from "./call-record.ts";
import type { Catalogue, ModelEntry } from "./catalogue.ts";
import { estimatedUsage, fewestTokens, mostTokens } from "./estimate.ts";
import type { Generation, GenerationEvent, Usage } from "./generation.ts";
import { type CallEnvironment, HeldCall } from "./held-call.ts";
import { holdIdOf } from "./hold-id.ts";
import { worstCaseOf } from "./money.ts";
import type { EncodedPrompt, PromptCodec, Provider, ProviderCall, ProviderChunk } from "./ports.ts";
import type { Attribution, Prompt } from "./prompt.ts";
import { ProviderFailure } from "./provider-failure.ts";
import { AUTO, type Route, route } from "./route.ts";
import { validateForModel, validatePrompt } from "./validate-prompt.ts";

/** What model calls need. */
export interface ModelCallsOptions extends CallEnvironment {
  readonly catalogue: Catalogue;
  /** By name. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly codec: PromptCodec;
  readonly telemetry: Telemetry;
  /** For prompts that name no model. */
  readonly defaultModel: string;
}

interface Plan {
  readonly id: string;
  readonly route: Route;
  readonly provider: Provider;
  readonly encoded: EncodedPrompt;
  readonly maxOutputTokens: number;
  readonly attribution: Attribution;
}

interface OpenCall {
  readonly plan: Plan;
  readonly held: HeldCall;
  readonly record: CallRecord;
  readonly request: ProviderCall;
}

interface StartedStream {
  readonly chunks: AsyncIterator<ProviderChunk>;
  readonly assembler: AnswerAssembler;
  readonly deltas: AnswerDelta[];
}

/** Answers prompts: chooses a model, holds the money, calls the provider, settles what was used. */
export class ModelCalls {
  private readonly options: ModelCallsOptions;
  private readonly instruments: Instruments;

  constructor(options: ModelCallsOptions) {
    this.options = options;
    this.instruments = instrumentsOf(options.telemetry);
  }

  /** Answers at once. @throws the errors of the catalogue, or what the cost service says when it refuses */
  async generate(scope: CallScope, prompt: Prompt, attribution: Attribution): Promise<Generation> {
    const call = await this.open(scope, prompt, attribution);
    const assembler = new AnswerAssembler();
    try {
      assembler.add(await call.held.withRetries(() => call.plan.provider.generate(call.request)));
      return await complete(call, assembler, whole(assembler));
    } catch (error) {
      throw call.held.fail(error, chargeable(call, assembler, error), false);
    }
  }

  /** Answers piece by piece. Ends with "completed" or throws. The hold is closed also when the consumer leaves. */
  async *stream(
    scope: CallScope,
    prompt: Prompt,
    attribution: Attribution,
  ): AsyncGenerator<GenerationEvent, void, undefined> {
    const call = await this.open(scope, prompt, attribution);
    let started: StartedStream | undefined;
    try {
      started = await call.held.withRetries(() => startStream(call));
      call.record.firstTokenCame();
      yield startedEvent(call);
      yield* deltasOf(started);
      const answer = whole(started.assembler, started.deltas);
      yield* started.deltas.splice(0);
      yield { kind: "completed", generation: await complete(call, started.assembler, answer) };
    } catch (error) {
      throw call.held.fail(error, chargeable(call, started?.assembler, error), started !== undefined);
    } finally {
      call.held.abandon(() => chargeable(call, started?.assembler, undefined));
      // Not awaited: a provider that hangs must not hold up a caller who has left.
      void started?.chunks.return?.();
    }
  }

  private async open(scope: CallScope, prompt: Prompt, attribution: Attribution): Promise<OpenCall> {
    const plan = this.plan(prompt, attribution);
    const { entry, upstream, reason } = plan.route;
    const subject = {
      model: entry.name,
      upstream,
      provider: entry.provider,
      routeReason: reason,
      runId: attribution.runId,
      operation: "chat" as const,
      spanName: spanNames.chat(entry.name),
      maxOutputTokens: plan.maxOutputTokens,
    };
    const record = new CallRecord(this.instruments, subject, scope);
    const deadline = Math.min(
      scope.deadline ?? Number.POSITIVE_INFINITY,
      this.options.clock() + this.options.callTimeoutMs,
    );
    const order = orderOf(plan);
    const held = await HeldCall.open(this.options, {
      scope,
      record,
      provider: entry.provider,
      model: entry.name,
      prices: entry.prices,
      order,
      deadline,
    });
    const { encoded, maxOutputTokens } = plan;
    return { plan, held, record, request: { encoded, upstreamModel: upstream, maxOutputTokens, limits: held.limits } };
  }

  private plan(asked: Prompt, attribution: Attribution): Plan {
    const prompt = asked.model === "" ? { ...asked, model: this.options.defaultModel } : asked;
    validatePrompt(prompt, attribution);
    const encoded = this.options.codec.encode(prompt);
    const chosen = route(this.options.catalogue, prompt, encoded.bytes);
    const { entry } = chosen;
    if (prompt.model !== AUTO) validateForModel(prompt, entry);
    checkLength(entry, prompt, encoded);
    const provider = this.options.providers.get(entry.provider);
    if (provider === undefined) throw errors.MODEL_NOT_FOUND({ metadata: { model: prompt.model } });
    const maxOutputTokens = prompt.maxOutputTokens ?? defaultOutput(entry, encoded);
    return { id: this.options.newId(), route: chosen, provider, encoded, maxOutputTokens, attribution };
  }
}

function orderOf({ id, route: chosen, encoded, maxOutputTokens, attribution }: Plan) {
  const { entry } = chosen;
  const most = { inputTokens: mostTokens(encoded.bytes), outputTokens: maxOutputTokens };
  const amount = worstCaseOf(entry.prices, most);
  return { holdId: holdIdOf(attribution, id), amount, type: "model" as const, resource: entry.name, attribution };
}

// Refuses only what cannot fit: the provider counts exactly, and says so at no cost.
function checkLength(entry: ModelEntry, prompt: Prompt, encoded: EncodedPrompt): void {
  if (fewestTokens(encoded.bytes) + (prompt.maxOutputTokens ?? 1) <= entry.contextTokens) return;
  throw errors.PROMPT_TOO_LONG({
    metadata: { model: entry.name, context_tokens: String(entry.contextTokens) },
    fields: [{ field: "prompt.messages", description: `with the answer must fit into ${entry.contextTokens} tokens` }],
  });
}

// Providers refuse a prompt and a limit that do not fit together, so a default gives way to the prompt.
function defaultOutput(entry: ModelEntry, encoded: EncodedPrompt): number {
  const room = entry.contextTokens - Math.ceil(encoded.bytes / 3);
  return Math.max(1, Math.min(entry.defaultOutputTokens, room));
}

function startedEvent({ plan }: OpenCall): GenerationEvent {
  return { kind: "started", id: plan.id, model: plan.route.entry.name, provider: plan.provider.name };
}

/** One try: until there is something to deliver. Before that everything may be tried again. */
async function startStream({ plan, request }: OpenCall): Promise<StartedStream> {
  const chunks = plan.provider.stream(request)[Symbol.asyncIterator]();
  const assembler = new AnswerAssembler();
  const deltas: AnswerDelta[] = [];
  while (deltas.length === 0 && !assembler.finished) {
    const next = await chunks.next();
    if (next.done === true) throw cutShort();
    assembler.add(next.value, (delta) => deltas.push(delta));
  }
  return { chunks, assembler, deltas };
}

async function* deltasOf({ chunks, assembler, deltas }: StartedStream): AsyncGenerator<AnswerDelta, void, undefined> {
  const emit = (delta: AnswerDelta) => deltas.push(delta);
  for (;;) {
    yield* deltas.splice(0);
    const next = await nextChunk(chunks, assembler);
    if (next === undefined) return;
    assembler.add(next, emit);
  }
}

// What goes wrong after the provider said that it is done can only cost us the usage, which is then estimated.
async function nextChunk(
  chunks: AsyncIterator<ProviderChunk>,
  assembler: AnswerAssembler,
): Promise<ProviderChunk | undefined> {
  try {
    const next = await chunks.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    if (assembler.finished && error instanceof ProviderFailure && error.kind !== "cancelled") return undefined;
    throw error;
  }
}

function whole(assembler: AnswerAssembler, deltas?: AnswerDelta[]): Answer {
  if (!assembler.finished) throw cutShort();
  const answer = assembler.finish(deltas && ((delta) => deltas.push(delta)));
  if (answer !== undefined) return answer;
  throw new ProviderFailure("protocol", "the provider sent a tool call without a name", { worked: true });
}

function cutShort(): ProviderFailure {
  return new ProviderFailure("protocol", "the provider ended its answer without saying that it is complete", {
    worked: true,
  });
}

async function complete(call: OpenCall, assembler: AnswerAssembler, answer: Answer): Promise<Generation> {
  const { plan, held, record } = call;
  const usage = assembler.usage ?? estimatedUsage(plan.encoded.bytes, assembler.bytes);
  const model = assembler.model === "" ? plan.route.upstream : assembler.model;
  const cost = await held.succeed(usage, { responseModel: model, id: plan.id, finishReason: answer.finishReason });
  return {
    id: plan.id,
    text: answer.text,
    toolCalls: answer.toolCalls,
    finishReason: answer.finishReason,
    model,
    provider: plan.provider.name,
    usage,
    cost,
    routeReason: plan.route.reason,
    attempts: record.attempts,
  };
}

/** What a call that failed is charged: what was produced, or what the provider may have worked on. */
function chargeable(call: OpenCall, assembler: AnswerAssembler | undefined, error: unknown): Usage | undefined {
  const failure = error instanceof ProviderFailure ? error : undefined;
  const answerBytes = (assembler?.bytes ?? 0) + (failure?.answerBytes ?? 0);
  if (answerBytes === 0 && failure?.worked !== true) return undefined;
  return { ...(assembler?.usage ?? estimatedUsage(call.plan.encoded.bytes, answerBytes)), estimated: true };
}
