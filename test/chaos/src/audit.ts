/** After the last kill: reads every run to its end and counts what was lost, repeated or overspent. */
import type { LimitState } from "@agentmesh/contracts/cost/v1/cost";
import { type RunEvent, RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import type { Doors } from "./victim.ts";
import { eventually, type Memory } from "./workload.ts";

/** What the audit counted. Every figure but `runs`, `steps` and the outcome counts must be zero. */
export interface Findings {
  runs: number;
  steps: number;
  succeeded: number;
  refusedByBudget: number;
  unended: number;
  lost: number;
  sequenceGaps: number;
  stepsTwice: string[];
  wrongEnd: number;
  wrongResults: number;
  otherFailures: string[];
  beyondLimit: string[];
  openHolds: string[];
}

const terminal = new Set(["succeeded", "failed", "cancelled"]);

function auditEvents(events: readonly RunEvent[], findings: Findings): void {
  const journaled = events.filter((event) => event.seq > 0n);
  journaled.forEach((event, index) => {
    if (event.seq !== BigInt(index + 1)) findings.sequenceGaps += 1;
  });
  const keys = new Set<string>();
  for (const { event } of journaled) {
    if (event.case !== "modelCalled" && event.case !== "toolCalled") continue;
    findings.steps += 1;
    if (keys.has(event.value.stepKey)) findings.stepsTwice.push(`${events[0]?.runId} ${event.value.stepKey}`);
    keys.add(event.value.stepKey);
    if (event.case === "toolCalled" && !calculatedRight(event.value)) findings.wrongResults += 1;
  }
  const ends = journaled.filter(({ event }) => terminal.has(event.case ?? ""));
  const last = journaled.at(-1)?.event.case ?? "";
  if (ends.length !== 1 || !terminal.has(last)) findings.wrongEnd += 1;
}

/** The scripted expressions are "a * b + c". */
function calculatedRight(called: {
  call?: { argumentsJson: string } | undefined;
  content: string;
  isError: boolean;
}): boolean {
  if (called.isError) return false;
  const { expression } = JSON.parse(called.call?.argumentsJson ?? "{}") as { expression?: string };
  const [a, b, c] = (expression ?? "").split(/ [*+] /).map(Number);
  return called.content.includes(String((a ?? 0) * (b ?? 0) + (c ?? 0)));
}

async function eventsOf(doors: Doors, runId: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  // The stream is read to its end, so there is nothing to leave early.
  for await (const { event } of doors.agents.watchRun({ runId, afterSeq: 0n }, { timeoutMs: 120_000 })) {
    if (event !== undefined) events.push(event);
  }
  return events;
}

async function auditRun(doors: Doors, runId: string, findings: Findings): Promise<void> {
  const events = await eventually(() => eventsOf(doors, runId)).catch(() => undefined);
  if (events === undefined) {
    findings.unended += 1;
    return;
  }
  auditEvents(events, findings);
  const { run } = await doors.agents.getRun({ runId });
  if (run?.status === RunStatus.SUCCEEDED) findings.succeeded += 1;
  else if (run?.error?.reason === "BUDGET_EXCEEDED") findings.refusedByBudget += 1;
  else
    findings.otherFailures.push(
      `${runId}: ${run?.error?.reason ?? `status ${run?.status}`} ${run?.error?.message ?? ""}`,
    );
}

/** A hold whose owner was killed turns into an estimated charge when its time is up: a minute for these runs. */
async function limitsWithoutHolds(doors: Doors): Promise<LimitState[]> {
  const giveUp = Date.now() + 180_000;
  for (;;) {
    const { limits } = await eventually(() => doors.usage.listLimits({}));
    if (limits.every(({ held }) => (held?.nanoUsd ?? 0n) === 0n) || Date.now() > giveUp) return limits;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function auditLimits(doors: Doors, findings: Findings): Promise<void> {
  const limits = await limitsWithoutHolds(doors);
  for (const { scope, subject, limit, settled, held } of limits) {
    const [cap, spent, reserved] = [limit?.nanoUsd ?? 0n, settled?.nanoUsd ?? 0n, held?.nanoUsd ?? 0n];
    const name = `limit scope ${scope} ${subject}`;
    if (spent + reserved > cap) findings.beyondLimit.push(`${name}: ${spent} settled + ${reserved} held > ${cap}`);
    if (reserved > 0n) findings.openHolds.push(`${name}: ${reserved} nano-dollars`);
  }
}

/** Reads everything the clients were promised. */
export async function audit(doors: Doors, memory: Memory): Promise<Findings> {
  const findings: Findings = {
    runs: memory.accepted.size,
    steps: 0,
    succeeded: 0,
    refusedByBudget: 0,
    unended: 0,
    lost: memory.sent.size - memory.accepted.size,
    sequenceGaps: 0,
    stepsTwice: [],
    wrongEnd: 0,
    wrongResults: 0,
    otherFailures: [],
    beyondLimit: [],
    openHolds: [],
  };
  const runIds = [...memory.accepted.values()];
  for (let from = 0; from < runIds.length; from += 32) {
    await Promise.all(runIds.slice(from, from + 32).map((runId) => auditRun(doors, runId, findings)));
  }
  if (new Set(runIds).size !== runIds.length) findings.lost += runIds.length - new Set(runIds).size;
  await auditLimits(doors, findings);
  return findings;
}

/** Whether nothing was lost, repeated or overspent, and whether there was enough of everything to tell. */
export function isClean(findings: Findings): boolean {
  if (findings.succeeded === 0 || findings.refusedByBudget === 0 || findings.steps === 0) return false;
  const { unended, lost, sequenceGaps, stepsTwice, wrongEnd, wrongResults } = findings;
  const counts = unended + lost + sequenceGaps + stepsTwice.length + wrongEnd + wrongResults;
  return counts + findings.otherFailures.length + findings.beyondLimit.length + findings.openHolds.length === 0;
}
