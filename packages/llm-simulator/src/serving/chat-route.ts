import { decide } from "../behaviour/decide.ts";
import { playScript } from "../behaviour/script.ts";
import type { Faults } from "../faults.ts";
import type { RequestedModel } from "../models.ts";
import { type ChatAnswer, makeAnswer } from "../wire/chat-answer.ts";
import { parseChatRequest } from "../wire/parse-chat-request.ts";
import type { JsonObject } from "../wire/parse-json.ts";
import { streamChunks, wholeBody } from "../wire/write-chat-answer.ts";
import { type Exchange, pause, sendBody } from "./exchange.ts";
import { sendStream } from "./stream.ts";

/** Answers `POST /v1/chat/completions`. */
export async function answerChat(
  exchange: Exchange,
  body: JsonObject,
  { id, kind }: RequestedModel,
  faults: Faults,
): Promise<void> {
  const request = parseChatRequest(body);
  const { record } = exchange;
  record.stream = request.stream;
  const answer = makeAnswer({
    request,
    decision: kind === "script" ? playScript(request) : decide(request),
    model: id,
    sequence: record.sequence,
    created: Math.floor(Date.now() / 1000),
    withUsage: faults.no_usage === undefined,
  });
  if (request.stream) return sendStream(exchange, streamChunks(answer, request.includeUsage), faults);
  const wait = writingTime(answer, faults);
  if (wait > 0 && !(await pause(exchange, wait))) return;
  sendBody(exchange, wholeBody(answer), faults);
}

// A whole answer comes when its last token is written.
function writingTime({ usage, text }: ChatAnswer, { first_token_ms: first = 0, tps }: Faults): number {
  if (!tps) return first;
  return first + ((usage?.completionTokens ?? text.length / 4) / tps) * 1000;
}
