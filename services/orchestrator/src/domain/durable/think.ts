import { errors } from "../../errors.ts";
import type { ModelCalled } from "../events.ts";
import { textOf } from "../message.ts";
import type { PlannedCall, Thought } from "../patterns/pattern.ts";
import { answerMessage, assistantMessage, noteMessage } from "../prompt.ts";
import { callModel } from "./call-model.ts";
import type { RunContext } from "./run-context.ts";
import { digestOf } from "./transcript.ts";

const unusableNote =
  "Your last answer could not be used. Give an answer in words, or call tools that you were offered, not more than 128 at once.";

/** One model call of a turn: taken from the journal or carried out, then judged. */
export async function think(context: RunContext, turn: number, tools: "auto" | "none"): Promise<Thought> {
  const stepKey = `t${turn}/think#0`;
  const inputHash = digestOf(context.transcript.digest(), context.bundle.model, tools);
  const recorded = context.steps.take("model_called", stepKey, inputHash);
  const called = recorded ?? (await callModel(context, { turn, stepKey, inputHash, tools }));
  return judge(context, called, tools);
}

function judge(context: RunContext, called: ModelCalled, tools: "auto" | "none"): Thought {
  const { message, finishReason } = called.answer;
  if (called.blockedOutput) {
    if (called.retry !== true || !context.faults.mayRetryBlocked()) throw blocked(called.refusal);
    // The model sees that it answered, not what: that would lead it to the same words.
    context.transcript.add({ role: "assistant", parts: [{ text: "(not passed on)", provenance: "model" }] });
    context.transcript.add(noteMessage(`Your last answer was not passed on. ${called.refusal ?? ""} Answer again.`));
    return { kind: "invalid" };
  }
  if (finishReason === "content_filter") throw errors.CONTENT_FILTERED();
  if (finishReason === "length") throw errors.ANSWER_TRUNCATED();
  const calls = tools === "none" ? [] : plannedCalls(called);
  if (calls.length > 0) {
    context.transcript.add(assistantMessage(called.answer));
    return { kind: "calls", calls };
  }
  if (textOf(message).trim() !== "") {
    context.faults.validTurn();
    return { kind: "answer", message: answerMessage(message) };
  }
  context.faults.invalidTurn();
  context.transcript.add(noteMessage(unusableNote));
  return { kind: "invalid" };
}

function plannedCalls({ answer, blockedCalls }: ModelCalled): readonly PlannedCall[] {
  const { toolCalls = [] } = answer.message;
  return toolCalls.map((call, index) => ({ call, blocked: blockedCalls?.includes(index) ?? false }));
}

function blocked(refusal: string | undefined) {
  const { definition } = errors.OUTPUT_BLOCKED;
  return errors.OUTPUT_BLOCKED(refusal === undefined ? {} : { message: `${definition.message} ${refusal}` });
}
