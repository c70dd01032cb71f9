import type { AgentService, RunInput } from "@agentmesh/contracts/gateway/v1/agent_service";
import { type Run, type RunEvent, RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { relayStream } from "@agentmesh/rpc";
import type { Client } from "@connectrpc/connect";
import { runInputOf } from "./agent-request.ts";
import { AnswerText } from "./answer-text.ts";
import type { ChatRequest } from "./chat-request.ts";
import { ChunkWriter } from "./chunks.ts";
import { completionBody } from "./completion.ts";
import { problemOfRun } from "./error-answer.ts";
import type { EventStream } from "./event-stream.ts";
import type { AnswerHeaders, Exchange } from "./exchange.ts";

/** Answers chat completions of the models "agent/<name>": each is a run. */
export class AgentChat {
  readonly #agents: Client<typeof AgentService>;
  readonly #clock: () => number;

  constructor(agents: Client<typeof AgentService>, clock: () => number) {
    this.#agents = agents;
    this.#clock = clock;
  }

  /** Answers one request. */
  answer(exchange: Exchange, chat: ChatRequest): Promise<void> {
    const run = runInputOf(exchange, chat);
    return chat.stream ? this.#stream(exchange, chat, run) : this.#whole(exchange, chat, run);
  }

  async #whole(exchange: Exchange, chat: ChatRequest, input: RunInput): Promise<void> {
    const { run } = await this.#agents.run({ run: input }, exchange.callOptions());
    if (run === undefined) throw new TypeError("the answer has no run");
    runHeaders(run, exchange.headers);
    if (run.status !== RunStatus.SUCCEEDED) throw problemOfRun(run.error, {});
    const { id, output: message, usage } = run;
    const { model } = chat.prompt;
    exchange.json(
      completionBody({ id: `chatcmpl-${id}`, created: this.#seconds(), model, message, finishReason: "stop", usage }),
    );
  }

  // The head of the answer waits for the first event: until then an error still has a status of its own.
  async #stream(exchange: Exchange, chat: ChatRequest, run: RunInput): Promise<void> {
    const open = (options: object) => this.#agents.streamRun({ run }, exchange.callOptions(options));
    const answer = new AnswerText();
    let sending: { stream: EventStream; chunks: ChunkWriter } | undefined;
    for await (const { event } of relayStream(exchange.scope, open)) {
      if (event === undefined) continue;
      sending ??= await this.#begin(exchange, chat, event.runId);
      const text = answer.append(event);
      if (text !== "") await sending.stream.send(sending.chunks.text(text));
      if (await finish(event, sending)) return;
    }
    throw new TypeError("the events of the run ended before the run");
  }

  async #begin(exchange: Exchange, { prompt: { model }, includeUsage }: ChatRequest, runId: string) {
    exchange.headers["x-agentmesh-run-id"] = runId;
    const chunks = new ChunkWriter({ id: `chatcmpl-${runId}`, created: this.#seconds(), model, includeUsage });
    const stream = exchange.stream();
    await stream.send(chunks.role());
    return { stream, chunks };
  }

  #seconds(): number {
    return Math.floor(this.#clock() / 1000);
  }
}

async function finish({ event, runId }: RunEvent, { stream, chunks }: { stream: EventStream; chunks: ChunkWriter }) {
  if (event.case === "failed") throw problemOfRun(event.value.error, {});
  if (event.case === "cancelled") throw problemOfRun(undefined, {});
  if (event.case !== "succeeded") return false;
  const { cost, usage } = event.value;
  await stream.send(chunks.finish("stop", { run_id: runId, cost_nano_usd: String(cost?.nanoUsd ?? 0n) }));
  const last = chunks.usage(usage);
  if (last !== undefined) await stream.send(last);
  stream.done();
  return true;
}

function runHeaders({ id, cost, sessionId }: Run, into: AnswerHeaders): void {
  into["x-agentmesh-run-id"] = id;
  into["x-agentmesh-cost-nano-usd"] = String(cost?.nanoUsd ?? 0n);
  if (sessionId !== "") into["x-agentmesh-session"] = sessionId;
}
