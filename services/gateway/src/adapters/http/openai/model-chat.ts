import type { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import type { GenerationEvent } from "@agentmesh/contracts/llm_router/v1/model";
import { relayStream } from "@agentmesh/rpc";
import type { Client } from "@connectrpc/connect";
import type { ChatRequest } from "./chat-request.ts";
import { ChunkWriter } from "./chunks.ts";
import { completionBody, factsOf, finishReasonOf, headerText, modelHeaders } from "./completion.ts";
import type { EventStream } from "./event-stream.ts";
import type { Exchange } from "./exchange.ts";

/** Answers chat completions of models. */
export class ModelChat {
  readonly #models: Client<typeof ModelService>;
  readonly #clock: () => number;

  constructor(models: Client<typeof ModelService>, clock: () => number) {
    this.#models = models;
    this.#clock = clock;
  }

  /** Answers one request. */
  answer(exchange: Exchange, chat: ChatRequest): Promise<void> {
    return chat.stream ? this.#stream(exchange, chat) : this.#whole(exchange, chat);
  }

  async #whole(exchange: Exchange, { prompt }: ChatRequest): Promise<void> {
    const { generation } = await this.#models.generate({ prompt }, exchange.callOptions());
    if (generation === undefined) throw new TypeError("the answer has no generation");
    modelHeaders(generation, exchange.headers);
    const { id, model, message, usage } = generation;
    const finishReason = finishReasonOf(generation);
    exchange.json(
      completionBody({ id: completionId(id), created: this.#seconds(), model, message, finishReason, usage }),
    );
  }

  // The head of the answer waits for the first event: until then an error still has a status of its own.
  async #stream(exchange: Exchange, { prompt, includeUsage }: ChatRequest): Promise<void> {
    const open = (options: object) => this.#models.streamGenerate({ prompt }, exchange.callOptions(options));
    let sending: { stream: EventStream; chunks: ChunkWriter } | undefined;
    for await (const { event } of relayStream(exchange.scope, open)) {
      if (event?.event.case === "started") {
        const { id, model, provider } = event.event.value;
        exchange.headers["x-agentmesh-model"] = headerText(model);
        exchange.headers["x-agentmesh-provider"] = headerText(provider);
        const chunks = new ChunkWriter({ id: completionId(id), created: this.#seconds(), model, includeUsage });
        sending = { stream: exchange.stream(), chunks };
        await sending.stream.send(chunks.role());
      } else if (event !== undefined && sending !== undefined) {
        for (const chunk of chunksOf(event, sending.chunks)) await sending.stream.send(chunk);
      }
    }
    if (sending === undefined) throw new TypeError("the stream ended before it began");
    sending.stream.done();
  }

  #seconds(): number {
    return Math.floor(this.#clock() / 1000);
  }
}

function completionId(id: string): string {
  return `chatcmpl-${id}`;
}

function* chunksOf({ event }: GenerationEvent, chunks: ChunkWriter): Generator<string> {
  if (event.case === "textDelta") yield chunks.text(event.value);
  if (event.case === "toolCallDelta") {
    const { index, id, name, argumentsDelta } = event.value;
    yield chunks.toolCall({ index, id, name, argumentsJson: argumentsDelta });
  }
  if (event.case === "completed") {
    yield chunks.finish(finishReasonOf(event.value), factsOf(event.value));
    const usage = chunks.usage(event.value.usage);
    if (usage !== undefined) yield usage;
  }
}
