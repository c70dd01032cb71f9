import { type Dispatcher, Pool } from "undici";
import type { MaxTokensField } from "../../domain/catalogue.ts";
import type { Provider, ProviderCall, ProviderChunk, ProviderLimits, ProviderVectors } from "../../domain/ports.ts";
import { ProviderFailure } from "../../domain/provider-failure.ts";
import { decodeAnswer } from "./decode-answer.ts";
import { decodeVectors } from "./decode-vectors.ts";
import { requestBody } from "./encode-prompt.ts";
import { HttpCall, type HttpLimits } from "./http-call.ts";
import { SseParser } from "./sse-parser.ts";
import { failureOfStatus } from "./status-failure.ts";

/** How a provider is reached. */
export interface OpenAiProviderOptions extends HttpLimits {
  readonly name: string;
  /** With the version: "https://api.openai.com/v1". An address without a path gets "/v1". */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly maxTokensField: MaxTokensField;
  readonly streamUsage: boolean;
  readonly connectTimeoutMs: number;
  /** Most connections, which is most calls at a time; further ones wait. */
  readonly connections: number;
}

// No event of a stream is nearly as long; a stream without line ends must not fill the memory.
const LONGEST_EVENT = 4 * 1024 * 1024;
const DONE = "[DONE]";
// Of the body of a refusal only so much is searched for the reason.
const ERROR_BODY_BYTES = 16 * 1024;

/** Whoever speaks OpenAI's protocol: OpenAI itself, vLLM, Ollama, the simulator. */
export class OpenAiProvider implements Provider {
  readonly name: string;
  private readonly options: OpenAiProviderOptions;
  private readonly pool: Pool;
  private readonly path: string;
  private readonly headers: readonly string[];

  constructor(options: OpenAiProviderOptions) {
    const url = new URL(options.baseUrl);
    this.name = options.name;
    this.options = options;
    this.path = url.pathname === "/" ? "/v1" : url.pathname.replace(/\/+$/, "");
    const key = options.apiKey === undefined ? [] : ["authorization", `Bearer ${options.apiKey}`];
    this.headers = ["content-type", "application/json", ...key];
    this.pool = new Pool(url.origin, {
      connections: options.connections,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: options.connectTimeoutMs },
      // Calls have their own clocks: see HttpCall.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    });
  }

  async generate(call: ProviderCall): Promise<ProviderChunk> {
    const answer = await this.post("/chat/completions", this.bodyOf(call, false), call.limits);
    return decodeAnswer(answer, "message");
  }

  async *stream(call: ProviderCall): AsyncGenerator<ProviderChunk, void, undefined> {
    const http = this.send("/chat/completions", this.bodyOf(call, true), call.limits);
    try {
      await expectSuccess(http);
      yield* chunksOf(http);
    } finally {
      http.abort();
    }
  }

  async embed(call: {
    upstreamModel: string;
    inputs: readonly string[];
    limits: ProviderLimits;
  }): Promise<ProviderVectors> {
    const request = { model: call.upstreamModel, input: call.inputs, encoding_format: "float" };
    return decodeVectors(await this.post("/embeddings", JSON.stringify(request), call.limits));
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.pool.destroy();
  }

  private async post(path: string, body: string, limits: ProviderLimits): Promise<string> {
    const http = this.send(path, body, limits);
    await expectSuccess(http);
    return (await http.body()).toString();
  }

  private send(path: string, body: string, limits: ProviderLimits): HttpCall {
    const http = new HttpCall(limits, this.options);
    const request: Dispatcher.DispatchOptions = {
      method: "POST",
      path: this.path + path,
      headers: this.headers as string[],
      body,
    };
    http.send(this.pool, request);
    return http;
  }

  private bodyOf(call: ProviderCall, stream: boolean): string {
    const { maxTokensField, streamUsage } = this.options;
    const { upstreamModel: model, maxOutputTokens } = call;
    return requestBody(call.encoded, { model, maxTokensField, maxOutputTokens, stream, streamUsage });
  }
}

async function expectSuccess(http: HttpCall): Promise<void> {
  const { status, headers } = await http.head();
  if (status === 200) return;
  throw failureOfStatus(status, headers, await errorText(http));
}

// The status is known: whatever happens to the body changes nothing any more.
async function errorText(http: HttpCall): Promise<string> {
  let text = "";
  try {
    for (let chunk = await http.next(); chunk !== undefined; chunk = await http.next()) {
      text += chunk.toString("latin1");
      if (text.length > ERROR_BODY_BYTES) break;
    }
  } catch (error) {
    if (!(error instanceof ProviderFailure)) throw error;
  }
  http.abort();
  return text;
}

async function* chunksOf(http: HttpCall): AsyncGenerator<ProviderChunk, void, undefined> {
  const events: string[] = [];
  const parser = new SseParser((data) => events.push(data));
  for (;;) {
    const bytes = await http.next();
    if (bytes === undefined) parser.end();
    else parser.push(bytes);
    if (events.length > 0) http.progress();
    for (const event of events.splice(0)) {
      if (event === DONE) return;
      yield decodeAnswer(event, "delta");
    }
    if (bytes === undefined) return;
    if (parser.pending > LONGEST_EVENT) throw endless(http.received);
  }
}

function endless(answerBytes: number): ProviderFailure {
  const message = `the provider sent an event of more than ${LONGEST_EVENT} characters`;
  return new ProviderFailure("protocol", message, { worked: true, answerBytes });
}
