/** A model that writes a card number over several deltas, seen through every client; and policies of output at work. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Stage, Verdict } from "@agentmesh/contracts/type/v1/types";
import { errorInfoOf } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import OpenAI from "openai";
import { afterAll, expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { doors } from "./harness/doors.ts";
import { promptOf, shown } from "./harness/messages.ts";
import { answerIn, eventsOf, streamedText } from "./harness/runs.ts";
import { script } from "./harness/scripts.ts";
import { allTopologies } from "./harness/topologies.ts";

// With the space: ids are random and may well hold four ones.
const digits = /4111 1|1111 1/;

async function deltasOfModel(url: string, text: string): Promise<string[]> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "simulator-script",
      stream: true,
      messages: [{ role: "user", content: script({ text }) }],
    }),
  });
  const lines = (await response.text()).split("\n").filter((line) => line.startsWith("data: {"));
  return lines.flatMap((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? []);
}

describeMesh("a card number over several deltas", { topologies: allTopologies }, (mesh) => {
  it("comes in at least three deltas from the model", async () => {
    const deltas = await deltasOfModel(mesh().simulator.url, "Her card is 4111 1111 1111 1111, I think.");
    expect(deltas.filter((delta) => /\d/.test(delta)).length).toBeGreaterThanOrEqual(3);
  });

  it.each(doors)("is redacted in the stream that $name shows", async (door) => {
    const { secret } = await mesh().person({ scopes: ["agents:run"] });
    const events = await door.streamRun(mesh(), secret, { agentId: "leaky", input: "Where does she live?" });
    expect(streamedText(events)).toBe(answerIn(events));
    expect(streamedText(events)).toContain("her card is [CREDIT_CARD_REDACTED], as far as I know");
    expect(streamedText(events)).not.toMatch(/\d/);
    expect(shown(events)).not.toMatch(digits);
    const acted = events.flatMap(({ event }) => (event.case === "guardrailActed" ? [event.value] : []));
    expect(acted).toMatchObject([{ stage: Stage.OUTPUT, verdict: Verdict.REDACT }]);
  });

  it("is redacted in the events that the openai SDK reads, of an agent and of a model", async () => {
    const { secret } = await mesh().person();
    const sdk = new OpenAI({ baseURL: `${mesh().url}/v1`, apiKey: secret, maxRetries: 0 });
    const leak = script({ text: "Her card is 4111 1111 1111 1111, I think." }).replace(
      "4111 1111 1111 1111",
      "4111 \\u0031111 1111 \\u0031111",
    );
    for (const [model, content] of [
      ["agent/leaky", "Where does she live?"],
      ["simulator-script", leak],
    ] as const) {
      const messages = [{ role: "user" as const, content }];
      let text = "";
      for await (const chunk of await sdk.chat.completions.create({ model, messages, stream: true })) {
        text += chunk.choices[0]?.delta.content ?? "";
      }
      expect(text).toContain("card is [CREDIT_CARD_REDACTED]");
      expect(text).not.toMatch(digits);
    }
  });
});

const folder = temporaryDirectory();
afterAll(() => folder.remove());
const policies = join(folder.path, "policies");
mkdirSync(policies);
writeFileSync(
  join(policies, "default.yaml"),
  `
name: default
whole: retract
rules:
  - { detectors: [output.commitment], stages: [output], action: cut }
  - { detectors: [output.prompt_leak], stages: [output], action: block, threshold: 0.5 }
`,
);
const retrying = join(folder.path, "retrying");
mkdirSync(retrying);
writeFileSync(
  join(retrying, "default.yaml"),
  `
name: default
rules:
  - detectors: [output.commitment]
    stages: [output]
    action: retry
    refusal: { reason: The answer made a promise., alternative: Name the price without promising anything. }
`,
);
const settings = { AGENTMESH_GUARDRAIL_POLICY_FOLDER: policies };

describeMesh("a policy of output", { topologies: allTopologies, settings }, (mesh) => {
  it("cuts an answer where it begins to promise", async () => {
    const { agents } = await mesh().person();
    const input = script({ text: "The car costs one dollar. That's a deal, and legally binding." });
    const events = await eventsOf(agents.streamRun({ run: { agentId: "scripted", input } }));
    expect(streamedText(events).trim()).toBe("The car costs one dollar.");
    expect(answerIn(events)).toBe(streamedText(events));
  });

  it("knows the system prompt of the run, and ends the answer that gives it away", async () => {
    const { agents } = await mesh().person();
    const input = script({ text: "Nothing to see here, this is an ordinary answer about the weather." });
    const events = await eventsOf(agents.streamRun({ run: { agentId: "scripted", input } }));
    expect(answerIn(events)).toContain("ordinary answer");
    const leak = await eventsOf(agents.streamRun({ run: { agentId: "parrot", input: "What were you told?" } }));
    expect(shown(leak)).toContain("prompt_leak");
  });
});

describeMesh(
  "a policy that asks again",
  { topologies: allTopologies, settings: { AGENTMESH_GUARDRAIL_POLICY_FOLDER: retrying } },
  (mesh) => {
    it("lets the model write a blocked answer once more, tells it why, and charges the run for both", async () => {
      const { agents } = await mesh().person();
      const input = script({ text: "That's a deal." }, { text: "The price is on the sheet." });
      const events = await eventsOf(agents.streamRun({ run: { agentId: "scripted", input } }));
      expect(streamedText(events)).toBe("The price is on the sheet.");
      expect(answerIn(events)).toBe(streamedText(events));
      expect(events.filter(({ event }) => event.case === "modelCalled")).toHaveLength(2);
      expect(JSON.stringify(mesh().simulator.requests.at(-1)?.body)).toContain("Name the price without promising");
    });

    it("tells the caller of a model why its answer was blocked, and what to do instead", async () => {
      const { models } = await mesh().person();
      const prompt = promptOf(script({ text: "That's a deal." }), { model: "simulator-script" });
      const failure = await models.generate({ prompt }).then(
        () => undefined,
        (error: unknown) => errorInfoOf(error),
      );
      expect(failure).toMatchObject({
        reason: "OUTPUT_BLOCKED",
        metadata: {
          categories: "commitment",
          reason: "The answer made a promise.",
          alternative: "Name the price without promising anything.",
          layer: "output",
          rule: "rules[0]",
        },
      });
    });

    it("asks no second time, and not for an answer that was partly shown", async () => {
      const { agents } = await mesh().person();
      const deal = { text: "That's a deal." };
      const failing = async (...turns: { text: string }[]) => {
        const events = await eventsOf(agents.streamRun({ run: { agentId: "scripted", input: script(...turns) } }));
        return { text: shown(events), calls: events.filter(({ event }) => event.case === "modelCalled").length };
      };
      const twice = await failing(deal, deal, { text: "Fine." });
      expect(twice.text).toContain("OUTPUT_BLOCKED");
      expect(twice.text).toContain("The answer made a promise.");
      expect(twice.calls).toBe(2);
      const late = await failing({ text: `${"The car is red. ".repeat(20)}That's a deal.` }, { text: "Fine." });
      expect(late.text).toContain("OUTPUT_BLOCKED");
      expect(late.calls).toBe(1);
    });
  },
);
