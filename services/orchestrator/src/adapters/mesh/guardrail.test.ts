/** How checks travel, against a guardrail over the in-process transport. */
import { ContextKind, GuardrailService } from "@agentmesh/contracts/guardrail/v1/guardrail";
import { Verdict } from "@agentmesh/contracts/type/v1/types";
import { bind, createDirectTransport } from "@agentmesh/rpc";
import { createClient, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { scopeFor } from "../../testing/open-orchestrator.ts";
import { MeshGuardrail } from "./guardrail.ts";

function guardrailWith(implementation: Partial<ServiceImpl<typeof GuardrailService>>) {
  const unused = () => {
    throw new Error("not expected");
  };
  const whole = {
    check: unused,
    checkStream: unused,
    assessEscalation: unused,
    restore: unused,
    listPolicies: unused,
    ...implementation,
  } as ServiceImpl<typeof GuardrailService>;
  const transport = createDirectTransport({ bindings: () => [bind(GuardrailService, whole)], verify: true });
  return new MeshGuardrail(createClient(GuardrailService, transport));
}

/** Lets everything pass, word by word; blocks at "bomb". */
const wordByWord = guardrailWith({
  async *checkStream(requests) {
    for await (const { request } of requests) {
      if (request.case !== "textDelta") continue;
      if (request.value.includes("bomb")) {
        yield { verdict: Verdict.BLOCK };
        return;
      }
      yield { textDelta: request.value, verdict: Verdict.ALLOW };
    }
  },
});

const check = { policy: "default", stage: "output" as const };

describe("checking many texts", () => {
  it("asks in batches that the contract allows, and gives one result per text in order", async () => {
    const batches: number[] = [];
    const guardrail = guardrailWith({
      check: ({ contents }) => {
        batches.push(contents.length);
        return {
          results: contents.map(({ text }) =>
            text === "500" ? { verdict: Verdict.REDACT, redactedText: "***" } : { verdict: Verdict.ALLOW },
          ),
        };
      },
    });
    const contents = Array.from({ length: 600 }, (_, index) => ({ stage: "input" as const, text: String(index) }));
    const results = await guardrail.check(scopeFor(), "default", contents);
    expect(batches).toEqual([256, 256, 88]);
    expect(results.map(({ text }) => text)).toEqual(contents.map(({ text }) => (text === "500" ? "***" : text)));
    const large = Array.from({ length: 5 }, () => ({ stage: "input" as const, text: "x".repeat(150_000) }));
    batches.length = 0;
    await guardrail.check(scopeFor(), "default", large);
    expect(batches).toEqual([2, 2, 1]);
  });

  it("lets nothing pass that got no result, or a verdict nobody knows", async () => {
    const silent = guardrailWith({ check: () => ({ results: [] }) });
    await expect(silent.check(scopeFor(), "default", [{ stage: "input", text: "x" }])).rejects.toThrow(
      "did not answer",
    );
    const strange = guardrailWith({ check: () => ({ results: [{ verdict: Verdict.UNSPECIFIED }] }) });
    expect(await strange.check(scopeFor(), "default", [{ stage: "input", text: "x" }])).toMatchObject([
      { verdict: "block", text: "" },
    ]);
  });
});

describe("what an answer was made from", () => {
  it("is sent until a policy is known not to make use of it, and not put together after that", async () => {
    const seen: unknown[] = [];
    let wants: ContextKind[] = [ContextKind.PASSAGES];
    const guardrail = guardrailWith({
      check: ({ context }) => {
        seen.push(context?.question);
        return { results: [{ verdict: Verdict.ALLOW }], wants };
      },
    });
    let made = 0;
    const madeFrom = () => {
      made++;
      return { systemPrompt: "Be kind.", passages: ["One."], question: "Which?" };
    };
    const once = () => guardrail.check(scopeFor(), "own", [{ stage: "output", text: "One." }], madeFrom);
    await once();
    await once();
    wants = [];
    await once();
    await once();
    expect(seen).toEqual(["Which?", "Which?", "Which?", undefined]);
    expect(made).toBe(3);
  });
});

describe("checking while writing", () => {
  it("hands out what passes and ends with the writer's value", async () => {
    const passed: string[] = [];
    const result = await wordByWord.checkStream(scopeFor(), {
      ...check,
      produce: async (_scope, write) => {
        for (const word of ["a ", "b ", "c"]) {
          write(word);
          await new Promise((resolve) => setImmediate(resolve));
        }
        return 7;
      },
      passed: (text) => passed.push(text),
    });
    expect(result).toMatchObject({ verdict: "allow", text: "a b c", value: 7 });
    expect(passed).toEqual(["a ", "b ", "c"]);
  });

  it("stops the writer when nothing more may pass", async () => {
    const stopped = Promise.withResolvers<void>();
    const result = await wordByWord.checkStream(scopeFor(), {
      ...check,
      produce: ({ signal }, write) => {
        signal.addEventListener("abort", () => stopped.resolve());
        write("a ");
        write("bomb");
        return new Promise<number>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
      passed: () => {},
    });
    await stopped.promise;
    expect(result).toMatchObject({ verdict: "block", text: "", value: undefined });
  });

  it("fails with the writer's own error, not with a text that looks whole", async () => {
    const writing = wordByWord.checkStream(scopeFor(), {
      ...check,
      produce: async (_scope, write) => {
        write("half an ");
        throw new Error("cut");
      },
      passed: () => {},
    });
    await expect(writing).rejects.toThrow("cut");
  });

  it("ends with its caller, and so does the writer", async () => {
    const caller = new AbortController();
    const writing = wordByWord.checkStream(scopeFor(undefined, caller.signal), {
      ...check,
      produce: ({ signal }) => {
        queueMicrotask(() => caller.abort(new Error("gone")));
        return new Promise<number>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
      passed: () => {},
    });
    await expect(writing).rejects.toThrow();
  });
});
