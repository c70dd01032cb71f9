import { BadRequestSchema, QuotaFailureSchema, RetryInfoSchema } from "@agentmesh/contracts/google/rpc/error_details";
import { type CallOptions, Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { SECRET } from "../../testing/conformance-service.ts";
import { MAX_MESSAGE_BYTES, openWorld, topologies, type World } from "../../testing/topologies.ts";
import { CallValues } from "../call/call-values.ts";
import { withStream } from "../call/with-stream.ts";
import { errorInfoOf } from "../errors/error-info.ts";

/** Where this checkout lies: no log line may tell. */
const checkout = import.meta.dirname.split("/packages/")[0] ?? "";

import type { CallScope } from "../scope.ts";

const bytes = (size: number) => new Uint8Array(size).fill(7);
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 5_000, interval: 2 });

function scopeWith(signal: AbortSignal): CallScope {
  return { signal, deadline: undefined, credential: undefined, span: undefined };
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => new Error("the call succeeded"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConnectError);
  return error as ConnectError;
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

// A promise that nobody handles fails the whole run in Vitest, so every test here is also a test of that.
describe.each(topologies)("a call $name", (topology) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(topology);
  });
  afterAll(() => world.close());
  beforeEach(() => {
    Object.assign(world.seen, { produced: 0, closed: 0, started: 0, received: 0 });
    world.seen.reasons.length = 0;
    world.seen.requests.length = 0;
  });

  const scoped = <T>(consume: (options: CallOptions) => Promise<T>) =>
    withStream(scopeWith(new AbortController().signal), consume);

  describe("carries messages", () => {
    it("both ways, unchanged", async () => {
      const answer = await world.client.unary({
        text: "grüße 🦊",
        payload: bytes(1000),
        number: 9_007_199_254_740_993n,
      });
      expect(answer).toMatchObject({ text: "grüße 🦊", number: 9_007_199_254_740_993n });
      expect(Buffer.compare(answer.payload, bytes(1000))).toBe(0);
    });

    it("of a server's stream, in order", async () => {
      const answers = await scoped((options) => collect(world.client.serverStream({ count: 300, text: "x" }, options)));
      expect(answers.map(({ index }) => index)).toEqual(Array.from({ length: 300 }, (_, index) => index));
      await until(() => expect(world.seen.closed).toBe(1));
    });

    it("of an empty stream", async () => {
      expect(await scoped((options) => collect(world.client.serverStream({ count: 0 }, options)))).toEqual([]);
    });

    it.runIf(topology.streamsRequests)("of a client's stream", async () => {
      async function* requests() {
        for (let index = 0; index < 300; index++) yield { text: String(index) };
      }
      expect((await world.client.clientStream(requests())).index).toBe(300);
    });

    it.runIf(topology.streamsRequests)("of a conversation, each answered before the next is sent", async () => {
      let answered = () => {};
      async function* requests() {
        for (let index = 0; index < 20; index++) {
          const next = new Promise<void>((resolve) => {
            answered = resolve;
          });
          yield { text: String(index) };
          await next;
        }
      }
      const texts: string[] = [];
      await scoped(async (options) => {
        for await (const answer of world.client.bidiStream(requests(), options)) {
          texts.push(answer.text);
          answered();
        }
      });
      expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => String(index)));
    });

    it.runIf(topology.streamsRequests)("of a conversation that the server ends", async () => {
      let producerClosed = false;
      async function* requests() {
        try {
          yield { text: "a" };
          yield { failure: "leave" };
          for (;;) yield { text: "nobody reads this" };
        } finally {
          producerClosed = true;
        }
      }
      const answers = await scoped((options) => collect(world.client.bidiStream(requests(), options)));
      expect(answers.map(({ text }) => text)).toEqual(["a"]);
      await until(() => expect(producerClosed).toBe(true));
    });

    it("for many calls at once, without mixing them up", async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => world.client.unary({ text: String(index) })),
      );
      expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
    });
  });

  describe("carries metadata", () => {
    const binary = Buffer.from([0, 255, 128, 7]).toString("base64").replaceAll("=", "");

    it("both ways on unary calls, headers and trailers, binary too", async () => {
      const got: Record<string, string | null> = {};
      await world.client.unary(
        {},
        {
          headers: { "x-echo": "hello", "x-echo-bin": binary },
          onHeader: (headers) =>
            Object.assign(got, { header: headers.get("x-echo"), headerBinary: headers.get("x-echo-bin") }),
          onTrailer: (headers) =>
            Object.assign(got, { trailer: headers.get("x-trailer"), trailerBinary: headers.get("x-trailer-bin") }),
        },
      );
      expect(got).toEqual({ header: "hello", headerBinary: binary, trailer: "hello", trailerBinary: binary });
    });

    it("both ways on streams", async () => {
      const got: Record<string, string | null> = {};
      await scoped((options) =>
        collect(
          world.client.serverStream(
            { count: 2 },
            {
              ...options,
              headers: { "x-echo": "hello" },
              onHeader: (headers) => Object.assign(got, { header: headers.get("x-echo") }),
              onTrailer: (headers) => Object.assign(got, { trailer: headers.get("x-trailer") }),
            },
          ),
        ),
      );
      expect(got).toEqual({ header: "hello", trailer: "hello" });
    });
  });

  describe("carries errors", () => {
    it("of the catalogue, with all their details", async () => {
      const error = await failureOf(world.client.unary({ failure: "domain" }));
      expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "the pot is full" });
      expect(errorInfoOf(error)).toMatchObject({
        reason: "TEAPOT",
        domain: "conformance.agentmesh",
        metadata: { pot: "7" },
        retryAfterMs: 1500,
      });
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]).toMatchObject({
        field: "pot",
        description: "must be empty",
      });
      expect(error.findDetails(QuotaFailureSchema)[0]?.violations[0]).toMatchObject({
        subject: "pots",
        description: "one pot",
      });
      expect(error.findDetails(RetryInfoSchema)).toHaveLength(1);
    });

    it("received from elsewhere, unchanged", async () => {
      const error = await failureOf(world.client.unary({ failure: "received" }));
      expect(errorInfoOf(error)).toMatchObject({
        code: Code.NotFound,
        reason: "HOLD_NOT_FOUND",
        metadata: { hold_id: "h1" },
      });
    });

    it("without a reason, named after their code", async () => {
      const error = await failureOf(world.client.unary({ failure: "plain" }));
      expect(errorInfoOf(error)).toMatchObject({
        code: Code.NotFound,
        reason: "NOT_FOUND",
        domain: "rpc.agentmesh",
        message: "no such thing",
      });
    });

    it("that nobody meant to throw as INTERNAL with neutral text, and logs the cause", async () => {
      const before = world.log.length;
      const error = await failureOf(world.client.unary({ failure: "unknown" }));
      expect(errorInfoOf(error)).toMatchObject({ code: Code.Internal, reason: "INTERNAL" });
      expect(error.message).not.toContain("hunter2");
      const line = world.log.slice(before).find((text) => text.includes('"rpc_error"')) ?? "";
      expect(JSON.parse(line)).toMatchObject({ rpc_method: "Unary", reason: "INTERNAL" });
      expect(line).toContain("Error: ");
      expect(line).not.toContain(checkout);
    });

    it("before the first message of a stream", async () => {
      const error = await failureOf(
        scoped((options) => collect(world.client.serverStream({ failure: "early" }, options))),
      );
      expect(errorInfoOf(error)).toMatchObject({ reason: "TEAPOT" });
    });

    it.each(["domain", "unknown"])("of kind %s after messages, which arrive before them", async (failure) => {
      let count = 0;
      const error = await failureOf(
        scoped(async (options) => {
          for await (const _ of world.client.serverStream({ count: 40, failure }, options)) count++;
        }),
      );
      expect(count).toBe(40);
      expect(errorInfoOf(error)?.reason).toBe(failure === "domain" ? "TEAPOT" : "INTERNAL");
      expect(error.message).not.toContain(SECRET);
    });

    it.runIf(topology.streamsRequests)("while a client streams", async () => {
      async function* requests() {
        yield { text: "a" };
        yield { failure: "domain" };
      }
      expect(errorInfoOf(await failureOf(world.client.clientStream(requests())))).toMatchObject({ reason: "TEAPOT" });
    });

    it.runIf(topology.streamsRequests)("of the producer of requests, to its own caller", async () => {
      async function* requests() {
        yield { text: "a" };
        throw new Error("the producer failed");
      }
      const error = await failureOf(world.client.clientStream(requests()));
      expect([Code.Internal, Code.Canceled]).toContain(error.code);
    });
  });

  describe("with a deadline", () => {
    it.each(["hang", "ignore"])(
      "ends for its caller with DEADLINE_EXCEEDED when the handler would %s",
      async (failure) => {
        const error = await failureOf(world.client.unary({ failure }, { timeoutMs: 300 }));
        expect(error.code).toBe(Code.DeadlineExceeded);
        expect(errorInfoOf(error)?.reason).toBe("DEADLINE_EXCEEDED");
        await until(() => expect(world.seen.reasons).toHaveLength(1));
        expect(world.seen.reasons[0]).toMatchObject({ name: "ConnectError", code: Code.DeadlineExceeded });
      },
    );

    it.each(["hang", "ignore"])("ends a stream after its messages when the handler would %s", async (failure) => {
      let count = 0;
      const error = await failureOf(
        scoped(async (options) => {
          for await (const _ of world.client.serverStream({ count: 3, failure }, { ...options, timeoutMs: 300 }))
            count++;
        }),
      );
      expect(count).toBe(3);
      expect(error.code).toBe(Code.DeadlineExceeded);
      await until(() => expect(world.seen.reasons).toHaveLength(1));
      expect(world.seen.reasons[0]).toMatchObject({ code: Code.DeadlineExceeded });
    });

    it("of one millisecond ends with DEADLINE_EXCEEDED and nothing else", async () => {
      const error = await failureOf(world.client.unary({ failure: "hang" }, { timeoutMs: 1 }));
      expect(error.code).toBe(Code.DeadlineExceeded);
    });

    it("that is long enough changes nothing", async () => {
      expect(await world.client.unary({ text: "x" }, { timeoutMs: 10_000 })).toMatchObject({ text: "x" });
    });
  });

  describe("that is cancelled", () => {
    it.each(["hang", "ignore"])("by its caller ends with CANCELLED when the handler would %s", async (failure) => {
      const controller = new AbortController();
      const call = failureOf(world.client.unary({ failure }, { signal: controller.signal }));
      await until(() => expect(world.seen.started).toBe(1));
      controller.abort();
      expect((await call).code).toBe(Code.Canceled);
      await until(() => expect(world.seen.reasons).toHaveLength(1));
      expect(world.seen.reasons[0]).toMatchObject({ name: "ConnectError", code: Code.Canceled });
    });

    it("before it starts never reaches the handler", async () => {
      expect((await failureOf(world.client.unary({}, { signal: AbortSignal.abort() }))).code).toBe(Code.Canceled);
      expect(world.seen.started).toBe(0);
    });

    it("while it streams ends with CANCELLED, and the handler's finally runs", async () => {
      const controller = new AbortController();
      const error = await failureOf(
        withStream(scopeWith(controller.signal), async (options) => {
          for await (const answer of world.client.serverStream({ count: 2, failure: "hang" }, options)) {
            if (answer.index === 1) controller.abort();
          }
        }),
      );
      expect(error.code).toBe(Code.Canceled);
      await until(() => expect(world.seen.closed).toBe(1));
    });

    it.runIf(topology.streamsRequests)("closes a handler that waits for requests", async () => {
      const controller = new AbortController();
      async function* requests() {
        yield { text: "a" };
        await new Promise(() => {});
      }
      const call = failureOf(
        withStream(scopeWith(controller.signal), async (options) => {
          for await (const _ of world.client.bidiStream(requests(), options)) controller.abort();
        }),
      );
      expect((await call).code).toBe(Code.Canceled);
      await until(() => expect(world.seen.closed).toBe(1));
    });
  });

  describe("that is a stream", () => {
    it("ends when its consumer leaves early", async () => {
      await scoped(async (options) => {
        for await (const answer of world.client.serverStream({ count: 1_000_000, padding: 1000 }, options))
          if (answer.index === 5) break;
      });
      await until(() => expect(world.seen.closed).toBe(1));
      expect(world.seen.produced).toBeLessThan(100_000);
    });

    it.skipIf(topology.foreignClient)("ends when it is never read", async () => {
      await scoped(async (options) => {
        world.client.serverStream({ count: 1_000_000, padding: 1000 }, options);
        await until(() => expect(world.seen.started).toBe(1));
      });
      await until(() => expect(world.seen.closed).toBe(1));
    });

    it.skipIf(topology.foreignClient)("may fail without being read: no unhandled rejection", async () => {
      world.client.serverStream({ failure: "early" });
      await until(() => expect(world.seen.started).toBe(1));
      await world.client.unary({});
    });

    it("produces no faster than it is consumed", async () => {
      await scoped(async (options) => {
        const stream = world.client
          .serverStream({ count: 100_000, padding: 64 * 1024 }, options)
          [Symbol.asyncIterator]();
        await stream.next();
        let last = -1;
        await until(() => {
          const stable = world.seen.produced === last;
          last = world.seen.produced;
          expect(stable).toBe(true);
        });
        // One ahead in process; on the wire what sockets, windows and streams of both sides hold: tens of megabytes at most, where unbounded were 6 GB.
        expect(world.seen.produced).toBeLessThanOrEqual(topology.wire ? 1_000 : 2);
        for (let index = 1; index < 100; index++) await stream.next();
        expect(world.seen.produced).toBeGreaterThanOrEqual(100);
      });
    });

    it.runIf(topology.streamsRequests)("takes requests no faster than they are read", async () => {
      let sent = 0;
      async function* requests() {
        for (; sent < 10_000; sent++) yield { payload: bytes(64 * 1024), failure: sent === 0 ? "hang" : "" };
      }
      const controller = new AbortController();
      const call = failureOf(world.client.clientStream(requests(), { signal: controller.signal }));
      await until(() => expect(world.seen.received).toBe(1));
      let last = -1;
      await until(() => {
        const stable = sent === last;
        last = sent;
        expect(stable).toBe(true);
      });
      expect(sent).toBeLessThanOrEqual(topology.wire ? 1_000 : 2);
      controller.abort();
      expect((await call).code).toBe(Code.Canceled);
    });
  });

  describe.runIf(topology.wire)("above the size limit", () => {
    const size = Math.round(MAX_MESSAGE_BYTES * 1.2);

    it.each([1.2, 5])("by %d in its request is refused with RESOURCE_EXHAUSTED", async (factor) => {
      const error = await failureOf(world.client.unary({ payload: bytes(MAX_MESSAGE_BYTES * factor) }));
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(errorInfoOf(error)?.reason).toMatch(/MESSAGE_TOO_LARGE|RESOURCE_EXHAUSTED/);
      expect(world.seen.started).toBe(0);
    });

    it("in its response is refused with RESOURCE_EXHAUSTED", async () => {
      const error = await failureOf(world.client.unary({ padding: size }));
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(await world.client.unary({ text: "still alive" })).toMatchObject({ text: "still alive" });
    });

    it("in a stream ends it with RESOURCE_EXHAUSTED", async () => {
      const error = await failureOf(
        scoped((options) => collect(world.client.serverStream({ count: 3, padding: size }, options))),
      );
      expect(error.code).toBe(Code.ResourceExhausted);
      await until(() => expect(world.seen.closed).toBe(1));
    });
  });

  describe("that needs a principal", () => {
    const principal = { tenant: "acme", user: "ada", keyId: "k-1", roles: [], scopes: ["conformance:guarded"] };
    const as = (scopes: string[]): CallOptions => ({
      contextValues: new CallValues(undefined, world.signer.credential({ ...principal, scopes })),
    });

    it("is refused without one", async () => {
      expect(errorInfoOf(await failureOf(world.client.authenticated({})))).toMatchObject({
        code: Code.Unauthenticated,
        reason: "UNAUTHENTICATED",
      });
    });

    it("passes with one", async () => {
      expect(await world.client.authenticated({ text: "x" }, as([]))).toMatchObject({ text: "x" });
    });

    it("is refused when the scope is missing, and names it", async () => {
      const error = await failureOf(world.client.guarded({}, as(["other:scope"])));
      expect(errorInfoOf(error)).toMatchObject({
        code: Code.PermissionDenied,
        reason: "SCOPE_MISSING",
        metadata: { scope: "conformance:guarded" },
      });
    });

    it.each([["conformance:guarded"], ["*"]])("passes with the scope %s", async (scope) => {
      expect(await world.client.guarded({ text: "x" }, as([scope]))).toMatchObject({ text: "x" });
    });

    it("takes no principal from a forged header", async () => {
      const error = await failureOf(world.client.guarded({}, { headers: { "agentmesh-principal": "e30.AAAA" } }));
      expect(error.code).toBe(Code.Unauthenticated);
    });
  });

  it("is counted by method and status on both sides, and nothing stays in flight", async () => {
    await world.client.unary({});
    await failureOf(world.client.unary({ failure: "domain" }));
    expect(world.dependency.state().lastError).toBe("");
  });
});
