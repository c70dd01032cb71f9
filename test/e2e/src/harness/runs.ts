import type { StreamRunResponse, WatchRunResponse } from "@agentmesh/contracts/gateway/v1/agent_service";
import type { Run, RunEvent } from "@agentmesh/contracts/orchestrator/v1/run";
import type { Message } from "@agentmesh/contracts/type/v1/types";

/** All events of a run's stream. */
export async function eventsOf(stream: AsyncIterable<StreamRunResponse | WatchRunResponse>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const { event } of stream) if (event !== undefined) events.push(event);
  return events;
}

/** The recorded events, without the live ones. */
export function journalOf(events: readonly RunEvent[]): RunEvent[] {
  return events.filter(({ seq }) => seq > 0n);
}

/** The names of events, in order. */
export function namesOf(events: readonly RunEvent[]): (string | undefined)[] {
  return events.map(({ event }) => event.case);
}

/** The text of a message. */
export function textOf(message: Message | undefined): string {
  return (message?.parts ?? []).map(({ content }) => (content.case === "text" ? content.value : "")).join("");
}

/** The answer of a run. */
export function answerOf(run: Run | undefined): string {
  return textOf(run?.output);
}

/** The answer in a run's events; empty when it did not succeed. */
export function answerIn(events: readonly RunEvent[]): string {
  const last = events.at(-1)?.event;
  return last?.case === "succeeded" ? textOf(last.value.output) : "";
}

/** The text that was streamed, as a reader puts it together. */
export function streamedText(events: readonly RunEvent[]): string {
  let text = "";
  for (const { event } of events) {
    if (event.case === "textDelta") text += event.value.text;
    if (event.case === "snapshot") text = event.value.text;
  }
  return text;
}

/** The tools a run called. */
export function toolCallsIn(events: readonly RunEvent[]) {
  return events.flatMap(({ event }) => (event.case === "toolCalled" ? [event.value] : []));
}
