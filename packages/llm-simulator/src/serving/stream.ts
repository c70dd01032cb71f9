import type { Faults } from "../faults.ts";
import { DONE, type StreamChunk } from "../wire/write-chat-answer.ts";
import { type Exchange, pause } from "./exchange.ts";

// Timers below this cannot be trusted; faster streams send several chunks per tick.
const TICK_MS = 5;

const ERROR_CHUNK =
  'data: {"error":{"message":"The server had an error while processing your request.","type":"server_error","param":null,"code":null}}\n\n';

interface Plan {
  readonly events: readonly StreamChunk[];
  /** What happens after the events. */
  readonly ending: "complete" | "cut" | "truncate" | "stall" | "error";
}

/** Sends the events of a stream at the pace asked for, with the faults asked for. */
export async function sendStream(exchange: Exchange, chunks: readonly StreamChunk[], faults: Faults): Promise<void> {
  const { response, record } = exchange;
  record.status = 200;
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-request-id": `req_sim_${record.sequence}`,
  });
  const plan = planOf(chunks, faults);
  if (faults.first_token_ms) {
    response.flushHeaders();
    if (!(await pause(exchange, faults.first_token_ms))) return;
  }
  const stayed = faults.tps ? await sendPaced(exchange, plan.events, faults.tps) : sendAtOnce(exchange, plan);
  if (stayed) finish(exchange, plan, faults.malformed !== undefined);
}

function planOf(chunks: readonly StreamChunk[], { cut, truncate, stall, malformed, error_chunk }: Faults): Plan {
  const events =
    malformed === undefined ? chunks : chunks.map((chunk, i) => (i === malformed - 1 ? broken(chunk) : chunk));
  if (cut !== undefined) return { events: events.slice(0, cut), ending: "cut" };
  if (truncate !== undefined) return { events: events.slice(0, truncate), ending: "truncate" };
  if (stall !== undefined) return { events: events.slice(0, stall), ending: "stall" };
  if (error_chunk !== undefined) return { events: events.slice(0, error_chunk), ending: "error" };
  return { events, ending: "complete" };
}

function broken(chunk: StreamChunk): StreamChunk {
  return { ...chunk, event: `${chunk.event.slice(0, chunk.event.length / 2).trimEnd()}\n\n` };
}

// Without a rate everything leaves in one write: the events are the same, the CPU is not.
function sendAtOnce({ response, record }: Exchange, { events, ending }: Plan): boolean {
  const text = events.map((chunk) => chunk.event).join("");
  record.chunks = events.length;
  if (ending === "complete") response.end(text + DONE);
  else if (text !== "") response.write(text);
  else response.flushHeaders();
  return true;
}

async function sendPaced(
  exchange: Exchange,
  events: readonly StreamChunk[],
  tokensPerSecond: number,
): Promise<boolean> {
  const { response, record } = exchange;
  const started = performance.now();
  let due = 0;
  while (record.chunks < events.length) {
    let text = "";
    const now = performance.now() - started;
    for (; due <= now && record.chunks < events.length; record.chunks++) {
      const chunk = events[record.chunks];
      text += chunk?.event ?? "";
      if (chunk?.content) due += 1000 / tokensPerSecond;
    }
    if (text !== "" && !response.write(text)) await drained(exchange);
    if (response.destroyed) return false;
    if (
      record.chunks < events.length &&
      !(await pause(exchange, Math.max(TICK_MS, due - (performance.now() - started))))
    )
      return false;
  }
  return !response.destroyed;
}

function drained({ response }: Exchange): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.once("drain", done).once("close", done);
  });
}

function finish({ response, record }: Exchange, { ending }: Plan, malformed: boolean): void {
  record.outcome = ending === "complete" && malformed ? "malformed" : ending;
  switch (ending) {
    case "complete":
      if (!response.writableEnded) response.end(DONE);
      return;
    case "truncate":
      response.end();
      return;
    case "error":
      response.end(ERROR_CHUNK);
      return;
    case "cut":
      // After what was written has left, so that the caller gets exactly this many chunks.
      response.write("", () => response.destroy());
      return;
    case "stall":
      return;
  }
}
