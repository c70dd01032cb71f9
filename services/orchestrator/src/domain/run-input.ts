import { hash } from "node:crypto";
import { errors } from "../errors.ts";
import type { Message } from "./message.ts";

/** A request to start a run, as it came. */
export interface StartRequest {
  readonly agentId: string;
  readonly input: string;
  /** Empty: none. */
  readonly sessionId: string;
  readonly history: readonly Message[];
  /** Empty: none. */
  readonly idempotencyKey: string;
  readonly timeoutMs: number | undefined;
  readonly budgetNanoUsd: number | undefined;
  readonly stream: boolean;
}

type Field = { readonly field: string; readonly description: string };

const maxTextBytes = 256 * 1024;
const maxHistory = 256;
const maxHistoryBytes = 1024 * 1024;
/** A hostile request must not be answered with a larger error. */
const mostReported = 20;
/** Amounts beyond this are refused everywhere in the mesh. */
const maxNanoUsd = 9.0e15;

/** @throws INVALID_INPUT naming every field that is wrong and its limit */
export function validateStart(request: StartRequest): void {
  const fields: Field[] = [];
  for (const problem of problems(request)) {
    fields.push(problem);
    if (fields.length === mostReported) break;
  }
  if (fields.length === 0) return;
  const message = `The request is not valid: ${fields.map(({ field, description }) => `${field} ${description}`).join("; ")}.`;
  throw errors.INVALID_INPUT({ message, fields });
}

function* problems(request: StartRequest): Generator<Field> {
  if (!/^[a-z0-9-]{1,64}$/.test(request.agentId)) {
    yield { field: "agent_id", description: "must be 1 to 64 characters of [a-z0-9-]" };
  }
  yield* textProblems("input", request.input);
  if (request.sessionId !== "" && !/^[a-zA-Z0-9._:-]{1,128}$/.test(request.sessionId)) {
    yield { field: "session_id", description: "must be 1 to 128 characters of [a-zA-Z0-9._:-]" };
  }
  if (request.idempotencyKey.length > 128) {
    yield { field: "idempotency_key", description: "must be at most 128 characters" };
  }
  yield* historyProblems(request);
  if (request.timeoutMs !== undefined && !(request.timeoutMs > 0)) {
    yield { field: "timeout", description: "must be longer than 0" };
  }
  const budget = request.budgetNanoUsd;
  if (budget !== undefined && !(budget >= 0 && budget <= maxNanoUsd)) {
    yield { field: "budget", description: "must be 0 to 9.0e15 nano-dollars" };
  }
}

function* textProblems(field: string, text: string): Generator<Field> {
  if (text === "") yield { field, description: "must not be empty" };
  if (Buffer.byteLength(text) > maxTextBytes) yield { field, description: "must be at most 256 KiB of UTF-8" };
  if (!text.isWellFormed()) yield { field, description: "must be valid Unicode" };
}

function* historyProblems({ history, sessionId }: StartRequest): Generator<Field> {
  if (history.length === 0) return;
  if (sessionId !== "") yield { field: "history", description: "must be empty when session_id is given" };
  if (history.length > maxHistory) {
    yield { field: "history", description: `must hold at most ${maxHistory} messages` };
    return;
  }
  let bytes = 0;
  for (const [index, { role, parts, toolCalls }] of history.entries()) {
    const field = `history[${index}]`;
    if (role === "tool" || (toolCalls ?? []).length > 0) {
      yield { field, description: "must be a text of user, assistant or system: the agent calls its tools itself" };
    }
    for (const { text } of parts) {
      bytes += Buffer.byteLength(text);
      if (text !== "") yield* textProblems(field, text);
    }
  }
  if (bytes > maxHistoryBytes) yield { field: "history", description: "must be at most 1 MiB of text" };
}

/**
 * Identifies a request, for the comparison of repeats with the same idempotency key. Whether it wants to watch is no
 * part of it: that changes nothing about the run.
 */
export function requestHash(request: StartRequest): string {
  const { agentId, input, sessionId, history, timeoutMs, budgetNanoUsd } = request;
  const identity = [agentId, input, sessionId, history, timeoutMs, budgetNanoUsd];
  return hash("sha256", JSON.stringify(identity), "base64url");
}
