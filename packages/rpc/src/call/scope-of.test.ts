import { NO_SPAN } from "@agentmesh/telemetry";
import { createHandlerContext } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ConformanceService } from "../../testing/gen/agentmesh/conformance/v1/conformance_pb.ts";
import type { CallScope } from "../scope.ts";
import { CallValues, principalKey, spanKey } from "./call-values.ts";
import { callOptionsOf, scopeOf } from "./scope-of.ts";
import { relayStream, withStream } from "./with-stream.ts";

const credential = { principal: { tenant: "t", user: "u", keyId: "k", roles: [], scopes: [] }, token: () => "token" };
const scope = (over: Partial<CallScope> = {}): CallScope => ({
  signal: new AbortController().signal,
  deadline: undefined,
  credential: undefined,
  span: undefined,
  ...over,
});

describe("a call's scope", () => {
  it("holds what came with the call", () => {
    const contextValues = new CallValues(undefined, credential, NO_SPAN);
    const { unary: method } = ConformanceService.method;
    const init = {
      service: ConformanceService,
      method,
      protocolName: "grpc",
      requestMethod: "POST",
      url: "",
      timeoutMs: 5_000,
      contextValues,
    };
    const context = createHandlerContext(init);
    const made = scopeOf(context);
    expect(made).toMatchObject({ credential, span: NO_SPAN });
    expect(made.signal).toBe(context.signal);
    expect(made.deadline).toBeGreaterThan(Date.now() + 4_000);
    context.abort();
  });

  it("gives outgoing calls what is left of the deadline, and never more than was asked for", () => {
    expect(callOptionsOf(scope({ deadline: Date.now() + 5_000 })).timeoutMs).toBeGreaterThan(4_000);
    expect(callOptionsOf(scope({ deadline: Date.now() + 5_000 }), { timeoutMs: 100 }).timeoutMs).toBe(100);
    expect(callOptionsOf(scope({ deadline: Date.now() + 100 }), { timeoutMs: 60_000 }).timeoutMs).toBeLessThanOrEqual(
      100,
    );
    expect(callOptionsOf(scope(), { timeoutMs: 100 }).timeoutMs).toBe(100);
    expect(callOptionsOf(scope()).timeoutMs).toBeUndefined();
  });

  it("that is over gives one millisecond, because Connect reads zero as no deadline", () => {
    expect(callOptionsOf(scope({ deadline: Date.now() - 5_000 })).timeoutMs).toBe(1);
  });

  it("passes on principal and span", () => {
    const values = callOptionsOf(scope({ credential, span: NO_SPAN })).contextValues;
    expect(values?.get(principalKey)).toBe(credential);
    expect(values?.get(spanKey)).toBe(NO_SPAN);
  });
});

describe("a scoped stream", () => {
  async function* numbers(signal: AbortSignal | undefined, closed: () => void) {
    try {
      for (let number = 0; ; number++) {
        signal?.throwIfAborted();
        yield number;
      }
    } finally {
      closed();
    }
  }

  it("is aborted when its consumer returns, throws or breaks", async () => {
    const signals: AbortSignal[] = [];
    await withStream(scope(), async ({ signal }) => signals.push(signal!));
    await withStream(scope(), async ({ signal }) => {
      signals.push(signal!);
      throw new Error("left");
    }).catch(() => {});
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it("is aborted when the scope or the caller's own signal is, with their reason", async () => {
    const [outer, own] = [new AbortController(), new AbortController()];
    for (const controller of [outer, own]) {
      await withStream(scope({ signal: outer.signal }), { signal: own.signal }, async ({ signal }) => {
        if (controller === own && signal?.aborted) return;
        controller.abort("why");
        expect(signal?.reason).toBe("why");
      });
    }
  });

  it("leaves no listener behind on a scope that outlives it", async () => {
    const controller = new AbortController();
    let added = 0;
    const signal = new Proxy(controller.signal, {
      get(target, name) {
        if (name === "addEventListener") added++;
        if (name === "removeEventListener") added--;
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    for (let call = 0; call < 10; call++) await withStream(scope({ signal }), async () => {});
    expect(added).toBe(0);
  });

  it("relayed by a generator is closed when the generator's consumer leaves", async () => {
    let closed = 0;
    let relayed: AbortSignal | undefined;
    const relay = relayStream(scope(), ({ signal }) => {
      relayed = signal;
      return numbers(signal, () => closed++);
    });
    for await (const number of relay) if (number === 3) break;
    expect(relayed?.aborted).toBe(true);
    expect(closed).toBe(1);
  });
});
