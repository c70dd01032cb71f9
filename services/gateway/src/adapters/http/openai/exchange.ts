import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { CallGroup, callOptionsOf } from "@agentmesh/rpc";
import type { CallScope, PrincipalCredential } from "@agentmesh/rpc/scope";
import type { CallOptions } from "@connectrpc/connect";
import { errorBody, problemOf } from "./error-answer.ts";
import { EventStream } from "./event-stream.ts";
import { ClientLeft } from "./request-body.ts";

/** Headers of an answer by lower-case name. */
export type AnswerHeaders = Record<string, string>;

const REQUEST_ID = /^[\w.:-]{1,128}$/;
const RATE_LIMIT_HEADERS = [
  "x-ratelimit-limit-requests",
  "x-ratelimit-remaining-requests",
  "x-ratelimit-reset-requests",
];
// How long a client whose body was refused may go on sending before its connection is cut.
const REST_OF_BODY_MS = 1_000;

/** One HTTP request and its answer. Gone clients cancel what is done for them. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly requestId: string;
  /** Sent with whatever answer there is. */
  readonly headers: AnswerHeaders;
  readonly #response: ServerResponse;
  readonly #calls = new CallGroup();
  /** Who asks; set when the key has been checked. */
  credential: PrincipalCredential | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.#response = response;
    const given = request.headers["x-request-id"];
    this.requestId = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    this.headers = { "x-request-id": this.requestId };
    response.once("close", () => {
      if (!response.writableFinished) this.#calls.cancel();
    });
  }

  /** The scope of what is done for this request. Its deadline is the interceptors' default. */
  get scope(): CallScope {
    return this.#calls.scope(this.credential);
  }

  /** The HTTP status that was sent; 499 when the client left before. */
  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 499;
  }

  /** Options of a call on behalf of this request; the limits that the call reports become headers of the answer. */
  callOptions(options: CallOptions = callOptionsOf(this.scope)): CallOptions {
    const { traceparent } = this.request.headers;
    const onHeader = (received: Headers) => this.#takeLimits(received);
    return typeof traceparent === "string"
      ? { ...options, onHeader, headers: { traceparent } }
      : { ...options, onHeader };
  }

  /** Answers with JSON. */
  json(body: unknown): void {
    this.#send(200, JSON.stringify(body));
  }

  /** Begins an answer of server-sent events. */
  stream(): EventStream {
    this.#response.writeHead(200, {
      ...this.headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    return new EventStream(this.#response);
  }

  /** Answers with an error, or ends a stream with one. */
  fail(thrown: unknown): void {
    const response = this.#response;
    if (thrown instanceof ClientLeft || response.destroyed || response.writableEnded) return;
    const problem = problemOf(thrown);
    if (response.headersSent) {
      response.end(`data: ${errorBody(problem)}\n\n`);
      return;
    }
    Object.assign(this.headers, problem.details.headers);
    this.#send(problem.details.status, errorBody(problem));
    this.#dropRest();
  }

  #send(status: number, body: string): void {
    const headers = this.headers;
    headers["content-type"] = "application/json";
    headers["content-length"] = String(Buffer.byteLength(body));
    // As a text, so that Node sends head and body with one write.
    this.#response.writeHead(status, headers).end(body);
  }

  // Cutting off a client that still sends would lose the answer on its way.
  #dropRest(): void {
    const { request } = this;
    if (request.complete) return;
    request.resume();
    const patience = setTimeout(() => request.destroy(), REST_OF_BODY_MS).unref();
    request.once("close", () => clearTimeout(patience));
  }

  #takeLimits(received: Headers): void {
    for (const name of RATE_LIMIT_HEADERS) {
      const value = received.get(name);
      if (value !== null) this.headers[name] = value;
    }
  }
}
