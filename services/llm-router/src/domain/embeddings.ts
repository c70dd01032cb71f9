import { setImmediate as nextTurn } from "node:timers/promises";
import type { CallScope } from "@agentmesh/rpc/scope";
import { spanNames, type Telemetry } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import { CallRecord, type Instruments, instrumentsOf } from "./call-record.ts";
import { BUILT_IN_PROVIDER, type Catalogue, type FoundModel, LEXICAL_MODEL, type ModelEntry } from "./catalogue.ts";
import { estimatedUsage, mostTokens } from "./estimate.ts";
import { FieldProblems } from "./field-problems.ts";
import type { Usage } from "./generation.ts";
import { type CallEnvironment, HeldCall } from "./held-call.ts";
import { holdIdOf } from "./hold-id.ts";
import { embedLexically, isEmbeddable, normalised } from "./lexical.ts";
import { worstCaseOf } from "./money.ts";
import type { Provider, ProviderVectors } from "./ports.ts";
import type { Attribution } from "./prompt.ts";
import { ProviderFailure } from "./provider-failure.ts";
import { checkAttribution } from "./validate-prompt.ts";

/** What embeddings need. */
export interface EmbeddingsOptions extends CallEnvironment {
  readonly catalogue: Catalogue;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly telemetry: Telemetry;
}

/** Texts to turn into vectors. */
export interface EmbeddingOrder {
  /** Empty: the lexical one. */
  readonly model: string;
  readonly inputs: readonly string[];
  readonly attribution: Attribution;
}

/** Vectors of length one, in the order of the inputs. */
export interface EmbeddingResult {
  readonly vectors: readonly (readonly number[])[];
  readonly model: string;
  readonly usage: Usage;
  /** Nano-US-dollars. */
  readonly cost: bigint;
}

const MOST_INPUTS = 256;
const MOST_INPUT_BYTES = 32 * 1024;
// The longest that embedding may keep other calls of this process waiting.
const TURN_MS = 5;

/** Turns texts into vectors: by the built-in lexical embedding, or by a provider, who is held and settled like a model. */
export class Embeddings {
  private readonly options: EmbeddingsOptions;
  private readonly instruments: Instruments;

  constructor(options: EmbeddingsOptions) {
    this.options = options;
    this.instruments = instrumentsOf(options.telemetry);
  }

  /** @throws INVALID_INPUT, MODEL_NOT_FOUND, the failures of providers, or what the cost service says */
  async embed(scope: CallScope, order: EmbeddingOrder): Promise<EmbeddingResult> {
    validateOrder(order);
    const name = order.model === "" ? LEXICAL_MODEL : order.model;
    const found = this.options.catalogue.find(name);
    if (found === undefined || found.entry.kind !== "embedding") {
      throw errors.MODEL_NOT_FOUND({ metadata: { model: name } });
    }
    if (found.entry.provider === BUILT_IN_PROVIDER) return this.embedHere(scope, order);
    return this.embedThere(scope, order, found);
  }

  // Costs nothing and calls nobody: no hold, no span of a model call.
  private async embedHere(scope: CallScope, order: EmbeddingOrder): Promise<EmbeddingResult> {
    const vectors: number[][] = [];
    let words = 0;
    let turnEnds = performance.now() + TURN_MS;
    for (const input of order.inputs) {
      const embedded = embedLexically(input);
      vectors.push(embedded.vector);
      words += embedded.words;
      if (performance.now() < turnEnds) continue;
      await nextTurn();
      if (scope.signal.aborted) throw scope.signal.reason;
      turnEnds = performance.now() + TURN_MS;
    }
    return { vectors, model: LEXICAL_MODEL, usage: usageOf(words), cost: 0n };
  }

  private async embedThere(scope: CallScope, order: EmbeddingOrder, found: FoundModel): Promise<EmbeddingResult> {
    const { entry, upstream } = found;
    const provider = this.options.providers.get(entry.provider);
    if (provider === undefined) throw errors.MODEL_NOT_FOUND({ metadata: { model: entry.name } });
    const bytes = order.inputs.reduce((sum, input) => sum + Buffer.byteLength(input), 0);
    const held = await this.hold(scope, order, found, bytes);
    try {
      const answer = await held.withRetries(() =>
        provider.embed({ upstreamModel: upstream, inputs: order.inputs, limits: held.limits }),
      );
      checkVectors(answer, order.inputs.length, entry);
      const usage = answer.usage ?? estimatedUsage(bytes, 0);
      const model = answer.model === "" ? upstream : answer.model;
      const cost = await held.succeed(usage, { responseModel: model });
      return { vectors: answer.vectors.map(normalised), model, usage, cost };
    } catch (error) {
      const worked = error instanceof ProviderFailure && error.worked;
      throw held.fail(error, worked ? estimatedUsage(bytes, 0) : undefined, false);
    }
  }

  private hold(scope: CallScope, { attribution }: EmbeddingOrder, found: FoundModel, bytes: number): Promise<HeldCall> {
    const { entry, upstream } = found;
    const { name, provider, prices } = entry;
    const subject = {
      model: name,
      upstream,
      provider,
      routeReason: "requested",
      runId: attribution.runId,
      operation: "embeddings" as const,
      spanName: spanNames.embeddings(name),
    };
    const record = new CallRecord(this.instruments, subject, scope);
    const { clock, callTimeoutMs, newId } = this.options;
    const deadline = Math.min(scope.deadline ?? Number.POSITIVE_INFINITY, clock() + callTimeoutMs);
    const amount = worstCaseOf(prices, { inputTokens: mostTokens(bytes), outputTokens: 0 });
    const order = {
      holdId: holdIdOf(attribution, newId()),
      amount,
      type: "embedding" as const,
      resource: name,
      attribution,
    };
    return HeldCall.open(this.options, { scope, record, provider, model: name, prices, order, deadline });
  }
}

function usageOf(words: number): Usage {
  return { inputTokens: words, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };
}

function validateOrder({ model, inputs, attribution }: EmbeddingOrder): void {
  const problems = new FieldProblems();
  problems.check(model.length <= 128, "model", "must have at most 128 characters");
  const fineCount = inputs.length >= 1 && inputs.length <= MOST_INPUTS;
  problems.check(fineCount, "inputs", `must have 1 to ${MOST_INPUTS} texts`);
  inputs.slice(0, MOST_INPUTS).forEach((input, index) => {
    problems.check(isEmbeddable(input), `inputs[${index}]`, "must have more than white space");
    const fits = Buffer.byteLength(input) <= MOST_INPUT_BYTES;
    problems.check(fits, `inputs[${index}]`, `must have at most ${MOST_INPUT_BYTES} bytes of UTF-8`);
  });
  checkAttribution(attribution, problems);
  problems.throwIfAny(errors.INVALID_INPUT);
}

// Vectors of another length than before would silently spoil every index they are put into.
function checkVectors({ vectors }: ProviderVectors, expected: number, { dimensions }: ModelEntry): void {
  const length = dimensions > 0 ? dimensions : (vectors[0]?.length ?? 0);
  const fine = vectors.length === expected && length > 0 && vectors.every((vector) => vector.length === length);
  if (!fine)
    throw new ProviderFailure("protocol", "the provider sent vectors that do not match the request", { worked: true });
}
