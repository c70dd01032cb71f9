/** What is measured: the same body, 1 KB in and 0.6 KB out, through a bare proxy, a model call and an agent turn. */
import type { LoadRequest } from "./load.ts";

/** Recorded steps of one run of case (d): tool calls, and the model calls around them. */
export const toolStepsPerRun = 96;
/** Tool calls that the scripted model asks for in one turn of case (d). */
const toolCallsPerTurn = 48;
/** Turns of case (e), each a model call and a tool call. */
export const mixedTurnsPerRun = 20;

const answerText = `${"The measured answer is this plain sentence, repeated until it is long enough. ".repeat(8).slice(0, 600)}`;
const question = "Please look at the quarterly figures of the northern region and say in plain words what they show. ";

/** A user message that makes the simulator's scripted model answer exactly these turns, one per call. */
function script(turns: readonly object[], padding = ""): string {
  return `${padding}\n\`\`\`script\n${JSON.stringify(turns)}\n\`\`\``;
}

const plainInput = script([{ text: answerText }], question.repeat(2));

const toolTurns = (turns: number, calls: number) =>
  Array.from({ length: turns }, (_, turn) => ({
    tool_calls: Array.from({ length: calls }, (_, call) => ({
      name: "calculator",
      arguments: { expression: `${turn + 1} * ${call + 2}` },
    })),
  }));

function chat(model: string, content: string, key: string, expected: string): LoadRequest {
  return {
    path: "/v1/chat/completions",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content }] }),
    verify: (status, body) => {
      if (status !== 200 || !body.includes(expected))
        throw new Error(`unexpected answer ${status}: ${body.slice(0, 500)}`);
    },
  };
}

/** (a) and (b): a model call, through the bare proxy or through the gateway. */
export const modelCall = (key: string) => chat("simulator-script", plainInput, key, answerText);

/** (c): an agent turn without tools. */
export const agentTurn = (key: string) => chat("agent/plain", plainInput, key, answerText);

/** (d): a run whose steps are almost all calls of a built-in tool. */
export const toolSteps = (key: string) =>
  chat(
    "agent/steps",
    script([...toolTurns(toolStepsPerRun / toolCallsPerTurn, toolCallsPerTurn), { text: "done" }]),
    key,
    "done",
  );

/** (e): a run of turns with one model call and one tool call each. */
export const mixedSteps = (key: string) =>
  chat("agent/steps", script([...toolTurns(mixedTurnsPerRun, 1), { text: "done" }]), key, "done");

/** Steps that a run records: its model calls and its tool calls. */
export const stepsPerRun = {
  toolSteps: toolStepsPerRun + toolStepsPerRun / toolCallsPerTurn + 1,
  mixedSteps: 2 * mixedTurnsPerRun + 1,
};
