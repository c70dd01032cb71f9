/** What clients do while the process dies under them, and what they remember for the audit. */
import { randomUUID } from "node:crypto";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Doors } from "./victim.ts";

/** Everything the clients sent and were told. */
export interface Memory {
  /** Every idempotency key that was ever sent. */
  readonly sent: Map<string, string>;
  /** Key to run, for every request that was answered: these runs were accepted. */
  readonly accepted: Map<string, string>;
}

/** Turns of a scripted run: model calls, single and parallel tool calls, then an answer. */
function script(random: () => number): string {
  const turns = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, turn) => ({
    tool_calls: Array.from({ length: 1 + Math.floor(random() * 3) }, (_, call) => ({
      name: "calculator",
      arguments: { expression: `${turn + 2} * ${call + 3} + ${Math.floor(random() * 1000)}` },
    })),
  }));
  return `Please do the following.\n\`\`\`script\n${JSON.stringify([...turns, { text: "all done" }])}\n\`\`\``;
}

const lost = (error: unknown) => {
  const { code } = ConnectError.from(error);
  return code === Code.Unavailable || code === Code.Canceled || code === Code.DeadlineExceeded || code === Code.Aborted;
};

/** Repeats a call that has no effect, or the same again, while the process is away; gives up after 30 s. */
export async function eventually<T>(call: () => Promise<T>): Promise<T> {
  const giveUp = Date.now() + 30_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!lost(error) || Date.now() > giveUp) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Submits a run; what is lost with the process is sent again by `retryUnanswered`. Refusals by budget are answers. */
export async function submit(doors: Doors, memory: Memory, task: { key: string; input: string }): Promise<void> {
  memory.sent.set(task.key, task.input);
  try {
    const run = { agentId: "steps", input: task.input, idempotencyKey: task.key };
    const { run: accepted } = await doors.agents.submitRun({ run }, { timeoutMs: 5_000 });
    if (accepted === undefined) throw new Error("SubmitRun answered without a run");
    const known = memory.accepted.get(task.key);
    if (known !== undefined && known !== accepted.id)
      throw new Error(`key ${task.key} named two runs: ${known}, ${accepted.id}`);
    memory.accepted.set(task.key, accepted.id);
  } catch (error) {
    if (!lost(error)) throw error;
  }
}

/** Submits new runs, a few at a time, until `stop` says so; then waits for what is in flight. */
export async function submitUntil(
  doors: Doors,
  memory: Memory,
  load: { random: () => number; stop: () => boolean },
): Promise<void> {
  const client = async () => {
    while (!load.stop()) {
      await submit(doors, memory, { key: randomUUID(), input: script(load.random) });
      // Clients think between requests; without it the queue grows faster than any process lives.
      await new Promise((resolve) => setTimeout(resolve, load.random() * 40));
    }
  };
  await Promise.all(Array.from({ length: 4 }, client));
}

/** Sends every request again whose answer was lost: the same key must find the same run, or start it now. */
export async function retryUnanswered(doors: Doors, memory: Memory): Promise<number> {
  const unanswered = [...memory.sent].filter(([key]) => !memory.accepted.has(key));
  for (const [key, input] of unanswered) await submit(doors, memory, { key, input });
  return unanswered.length;
}
