import { type RunEvent, RunEventSchema } from "@agentmesh/contracts/orchestrator/v1/run";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AnswerText } from "./answer-text.ts";

const delta = (stepKey: string, text: string) =>
  create(RunEventSchema, { event: { case: "textDelta", value: { stepKey, text } } });
const snapshot = (stepKey: string, text: string) =>
  create(RunEventSchema, { event: { case: "snapshot", value: { stepKey, text } } });
const succeeded = (text: string) =>
  create(RunEventSchema, {
    event: { case: "succeeded", value: { output: { parts: [{ content: { case: "text", value: text } }] } } },
  });

function textOf(...events: RunEvent[]): string {
  const answer = new AnswerText();
  return events.map((event) => answer.append(event)).join("");
}

describe("the text of a run that a chat client appends", () => {
  it("is the deltas of its answer, once", () => {
    expect(textOf(delta("s1", "forty"), delta("s1", "-two"), succeeded("forty-two"))).toBe("forty-two");
  });

  it("is the whole answer when there were no deltas", () => {
    expect(textOf(succeeded("forty-two"))).toBe("forty-two");
  });

  it("starts a paragraph when another step begins to write", () => {
    expect(textOf(delta("s1", "Let me see."), delta("s2", "It is 42."), succeeded("It is 42."))).toBe(
      "Let me see.\n\nIt is 42.",
    );
  });

  it("fills in what was missed", () => {
    expect(textOf(delta("s1", "for"), snapshot("s1", "forty-t"), delta("s1", "wo"), succeeded("forty-two"))).toBe(
      "forty-two",
    );
    expect(textOf(delta("s1", "forty"), succeeded("forty-two"))).toBe("forty-two");
  });

  it("adds an answer that differs from what was written so far", () => {
    expect(textOf(delta("s1", "draft"), succeeded("final"))).toBe("draft\n\nfinal");
  });
});
