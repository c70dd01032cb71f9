import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { describeFailure, failureOf } from "./harness/failure.ts";
import { promptOf } from "./harness/messages.ts";
import type { Person } from "./harness/person.ts";
import { eventsOf } from "./harness/runs.ts";

/** A streamed answer: its text, whether it was said to be complete, and the error it ended with. */
async function streamed({ models }: Person, model: string) {
  let text = "";
  let completed = false;
  try {
    for await (const { event } of models.streamGenerate({
      prompt: promptOf("Please say something longer.", { model }),
    })) {
      if (event?.event.case === "textDelta") text += event.event.value;
      if (event?.event.case === "completed") completed = true;
    }
  } catch (error) {
    return { text, completed, failure: describeFailure(error) };
  }
  return { text, completed, failure: undefined };
}

describeMesh("a provider's fault", {}, (mesh) => {
  it.each([
    ["status=503", "PROVIDER_UNAVAILABLE"],
    ["status=500", "PROVIDER_UNAVAILABLE"],
    ["status=429+retry_after=90", "PROVIDER_RATE_LIMITED"],
    ["status=400", "PROVIDER_REJECTED"],
    ["status=401", /^PROVIDER_/],
    ["reset", "PROVIDER_UNAVAILABLE"],
    ["malformed", "PROVIDER_PROTOCOL_ERROR"],
    ["cut=1", /^PROVIDER_/],
  ])("%s has its own reason, tells nothing of the provider and costs nothing", async (fault, reason) => {
    const person = await mesh().person();
    const failure = await failureOf(
      person.models.generate({ prompt: promptOf("Hello", { model: `simulator-small+${fault}` }) }),
    );
    expect(failure.reason).toMatch(reason);
    expect(failure.message).not.toMatch(/127\.0\.0\.1|:\/\/|simulated|ECONN/i);
  });

  it.each(["status=503", "status=429", "reset"])("%s that passes is retried and never seen", async (fault) => {
    const { models } = await mesh().person();
    const model = `simulator-small+${fault}+fail_times=1`;
    const { generation } = await models.generate({ prompt: promptOf("Hello", { model }) });
    expect(generation?.attempts).toBe(2);
  });

  it.each(["cut=4", "truncate=4", "malformed=4", "error_chunk=4", "stall=4"])(
    "%s in the middle of a stream is an error after the text, never an end",
    async (fault) => {
      const result = await streamed(await mesh().person(), `simulator-large+${fault}`);
      expect(result.completed).toBe(false);
      expect(result.failure?.reason).toMatch(/^(STREAM_INTERRUPTED|PROVIDER_(TIMEOUT|PROTOCOL_ERROR|UNAVAILABLE))$/);
      if (result.text !== "") expect(result.failure?.reason).toBe("STREAM_INTERRUPTED");
    },
  );

  it("that forgets the usage leads to an estimate, marked as one, and not to a free answer", async () => {
    const person = await mesh().person();
    const { generation } = await person.models.generate({
      prompt: promptOf("Hello", { model: "simulator-small+no_usage" }),
    });
    expect(generation?.usage?.estimated).toBe(true);
    const { total } = await person.usage.getUsage({ user: person.user });
    expect(total?.amount?.nanoUsd).toBeGreaterThan(0n);
    expect(total?.estimated?.nanoUsd).toBe(total?.amount?.nanoUsd);
  });

  it("in the middle of a stream books what was produced, marked as an estimate", async () => {
    const person = await mesh().person();
    await streamed(person, "simulator-large+cut=6");
    const { total } = await person.usage.getUsage({ user: person.user });
    expect(total?.amount?.nanoUsd).toBeGreaterThan(0n);
    expect(total?.estimated?.nanoUsd).toBe(total?.amount?.nanoUsd);
  });

  it.each(["down", "cut", "stalled", "reset"])(
    "ends a run of the agent %s as failed, with the reason in its journal",
    async (agentId) => {
      const { agents } = await mesh().person();
      const events = await eventsOf(agents.streamRun({ run: { agentId, input: "Hello there, please answer." } }));
      const last = events.at(-1)?.event;
      expect(last?.case).toBe("failed");
      const { error } = last?.case === "failed" ? last.value : {};
      expect(error?.reason).toMatch(/^(PROVIDER_|STREAM_INTERRUPTED)/);
      expect(error?.retryable).toBe(true);
    },
  );
});
