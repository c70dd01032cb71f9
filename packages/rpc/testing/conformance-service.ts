import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { bind, type ServiceBinding } from "../src/binding.ts";
import { defineErrors } from "../src/domain-error.ts";
import { rpcError } from "../src/errors/to-connect-error.ts";
import { ConformanceService, type EchoRequest } from "./gen/agentmesh/conformance/v1/conformance_pb.ts";

export const errors = defineErrors("conformance.agentmesh", {
  TEAPOT: { code: "FAILED_PRECONDITION", message: "short and stout", retryable: false },
});

/** The text of an error that nobody may ever receive. */
export const SECRET = "password=hunter2 at 10.1.2.3:5432";

/** What the handlers saw, for tests to look at. */
export class Observations {
  /** Messages produced by streams so far. */
  produced = 0;
  /** Handlers of streams that have run their `finally`. */
  closed = 0;
  /** Handlers that have begun. */
  started = 0;
  /** Requests read by handlers that read many. */
  received = 0;
  /** Why the signals of handlers were aborted. */
  readonly reasons: unknown[] = [];
  /** Messages as the handler got them. */
  readonly requests: EchoRequest[] = [];

  watch(context: HandlerContext): void {
    const note = () => this.reasons.push(context.signal.reason);
    if (context.signal.aborted) note();
    else context.signal.addEventListener("abort", note);
  }
}

/** The service under test. `request.failure` chooses what goes wrong. */
export function conformanceBinding(seen: Observations): ServiceBinding {
  return bind(ConformanceService, {
    async unary(request, context) {
      seen.started++;
      seen.requests.push(request);
      echoMetadata(context);
      await misbehave(request.failure, context, seen);
      return answerTo(request, 0);
    },
    async *serverStream(request, context) {
      seen.started++;
      echoMetadata(context);
      try {
        if (request.failure === "early") throw errors.TEAPOT();
        for (let index = 0; index < request.count; index++) {
          seen.produced++;
          yield answerTo(request, index);
        }
        await misbehave(request.failure, context, seen);
      } finally {
        seen.closed++;
      }
    },
    async clientStream(requests, context) {
      seen.started++;
      echoMetadata(context);
      let count = 0;
      for await (const request of requests) {
        count++;
        seen.received++;
        await misbehave(request.failure, context, seen);
      }
      return { index: count };
    },
    async *bidiStream(requests, context) {
      seen.started++;
      echoMetadata(context);
      let index = 0;
      try {
        for await (const request of requests) {
          seen.received++;
          if (request.failure === "leave") return;
          await misbehave(request.failure, context, seen);
          yield answerTo(request, index++);
        }
      } finally {
        seen.closed++;
      }
    },
    guarded: (request) => answerTo(request, 0),
    authenticated: (request) => answerTo(request, 0),
  });
}

function answerTo({ text, payload, number, padding }: EchoRequest, index: number) {
  return { text, payload: padding > 0 ? new Uint8Array(padding) : payload, number, index };
}

function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  for (const name of ["x-echo", "x-echo-bin"]) {
    const value = requestHeader.get(name);
    if (value === null) continue;
    responseHeader.set(name, value);
    responseTrailer.set(name.replace("echo", "trailer"), value);
  }
}

async function misbehave(failure: string, context: HandlerContext, seen: Observations): Promise<void> {
  switch (failure) {
    case "":
      return;
    case "domain":
      throw errors.TEAPOT({
        message: "the pot is full",
        metadata: { pot: "7" },
        fields: [{ field: "pot", description: "must be empty" }],
        retryAfterMs: 1_500,
        quota: [{ subject: "pots", description: "one pot" }],
      });
    case "received":
      throw rpcError(Code.NotFound, "HOLD_NOT_FOUND", "no such hold", { metadata: { hold_id: "h1" } });
    case "plain":
      throw new ConnectError("no such thing", Code.NotFound);
    case "unknown":
      throw new Error(SECRET);
    case "hang":
      seen.watch(context);
      await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
      return;
    case "ignore":
      seen.watch(context);
      await new Promise(() => {});
      return;
    default:
      throw new Error(`the conformance service knows no failure "${failure}"`);
  }
}
