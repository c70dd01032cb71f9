import { describe, expect, it } from "vitest";
import { escalationSignals } from "./escalation.ts";

const calm = { userTexts: ["What is 17 * 23?"], answer: "It is 391.", failures: 0, guardrailHits: 0 };
const kinds = (conversation: Partial<typeof calm>) =>
  escalationSignals({ ...calm, ...conversation }).map(({ kind }) => kind);

describe("signals to escalate", () => {
  it("are none in an ordinary conversation", () => expect(kinds({})).toEqual([]));

  it.each([
    ["human_requested", "Can I please talk to a real person?"],
    ["human_requested", "I want a human."],
    ["negative_sentiment", "This is absolutely unacceptable!"],
    ["repeated_failure", "It still doesn't work, I already told you."],
    ["high_stakes", "Then I will call my lawyer."],
    ["high_stakes", "I want to end my life."],
  ])("%s: %j", (kind, text) => {
    const [signal] = escalationSignals({ ...calm, userTexts: ["Hello", text] });
    expect(signal).toMatchObject({ kind, evidence: { text: 1 } });
    expect(signal?.score).toBeGreaterThan(0.5);
  });

  it("come from the answer and from what the caller counted", () => {
    expect(kinds({ answer: "I'm not sure about that." })).toEqual(["low_confidence"]);
    expect(kinds({ failures: 3 })).toEqual(["repeated_failure"]);
    expect(kinds({ guardrailHits: 1 })).toEqual(["guardrail_hit"]);
  });

  it("fade with every turn and point to the words", () => {
    const text = "Give me a manager.";
    const now = escalationSignals({ ...calm, userTexts: [text] })[0];
    const earlier = escalationSignals({ ...calm, userTexts: [text, "Fine.", "Thanks."] })[0];
    expect(now?.score).toBeGreaterThan(earlier?.score ?? 1);
    expect(text.slice(now?.evidence?.start, now?.evidence?.end)).toBe("Give me a manager");
  });

  it("are found in linear time", () => {
    const started = performance.now();
    for (const text of ["talk ".repeat(50_000), "speak a b c to a b ".repeat(13_000), "x".repeat(250_000)])
      escalationSignals({ ...calm, userTexts: [text], answer: text });
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
