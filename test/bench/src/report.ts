/** From measurements to medians, ratios, bars and a table. */
import { cpus } from "node:os";
import { median } from "./statistics.ts";

/** One measurement. */
export interface CaseResult {
  readonly name: string;
  readonly inFlight: number;
  /** CPU of the measured process per request, in microseconds. */
  readonly cpuMicros: number;
  readonly requestsPerSecond: number;
  readonly stepsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
  readonly stallP99Ms: number;
  readonly stallMaxMs: number;
}

/** Medians of one case over all rounds; `ratio` is the median of CPU ratios to (a) within each round. */
export interface CaseSummary extends CaseResult {
  readonly ratio: number;
}

/** A bar of the project and whether it held. */
export interface Bar {
  readonly what: string;
  readonly bar: string;
  readonly measured: string;
  readonly holds: boolean;
}

/** Everything a run of the bench found. */
export interface Summary {
  readonly node: string;
  readonly cores: number;
  readonly rounds: number;
  readonly cases: readonly CaseSummary[];
  readonly bars: readonly Bar[];
}

const mebibyte = 1024 * 1024;
const numericFields = [
  "cpuMicros",
  "requestsPerSecond",
  "stepsPerSecond",
  "p50Ms",
  "p99Ms",
  "rssBytes",
  "stallP99Ms",
  "stallMaxMs",
] as const;

/** Medians over rounds, ratios within rounds, and the bars. */
export function summarise(input: { rounds: readonly CaseResult[][]; idleRssBytes: number; readyMs: number }): Summary {
  const first = input.rounds[0] ?? [];
  const cases = first.map((shape, position): CaseSummary => {
    const measured = input.rounds.map((round) => round[position] ?? shape);
    const ratios = input.rounds.map((round) => {
      const base = round.find((result) => result.name.startsWith("(a)") && result.inFlight === shape.inFlight);
      return (round[position]?.cpuMicros ?? Number.NaN) / (base?.cpuMicros ?? Number.NaN);
    });
    const fields = Object.fromEntries(
      numericFields.map((field) => [field, median(measured.map((result) => result[field]))]),
    );
    return { ...shape, ...fields, ratio: median(ratios) };
  });
  return {
    node: process.version,
    cores: cpus().length,
    rounds: input.rounds.length,
    cases,
    bars: barsOf({ cases, rounds: input.rounds, idleRssBytes: input.idleRssBytes, readyMs: input.readyMs }),
  };
}

function barsOf(input: {
  cases: readonly CaseSummary[];
  rounds: readonly CaseResult[][];
  idleRssBytes: number;
  readyMs: number;
}): Bar[] {
  const find = (name: string) => input.cases.find((result) => result.name.startsWith(name) && result.inFlight === 16);
  const [model, agent, steps] = [find("(b)"), find("(c)"), find("(d)")];
  const ofMesh = input.cases.filter((result) => !result.name.startsWith("(a)"));
  const stall = Math.max(...ofMesh.map((result) => result.stallP99Ms));
  const rss = Math.max(
    ...input.rounds
      .flat()
      .filter((result) => !result.name.startsWith("(a)"))
      .map((result) => result.rssBytes),
  );
  const atMost = (what: string, value: number, limit: number, unit: string): Bar => ({
    what,
    bar: `≤ ${limit}${unit}`,
    measured: `${value.toFixed(unit === " ×" ? 2 : 0)}${unit}`,
    holds: value <= limit,
  });
  return [
    atMost("CPU of (b) at 16 in flight", model?.ratio ?? Number.NaN, 3, " ×"),
    atMost("CPU of (c) at 16 in flight", agent?.ratio ?? Number.NaN, 6, " ×"),
    {
      what: "recorded steps of (d)",
      bar: "≥ 5000/s",
      measured: `${(steps?.stepsPerSecond ?? Number.NaN).toFixed(0)}/s`,
      holds: (steps?.stepsPerSecond ?? 0) >= 5000,
    },
    atMost("event-loop stall p99", stall, 50, " ms"),
    atMost("start until ready", input.readyMs, 3000, " ms"),
    atMost("resident set before the first request", input.idleRssBytes / mebibyte, 150, " MB"),
    atMost("resident set, largest under the bench", rss / mebibyte, 350, " MB"),
  ];
}

/** Prints the table and the bars. */
export function printReport(summary: Summary): void {
  console.table(
    Object.fromEntries(
      summary.cases.map((result) => [
        `${result.name}, ${result.inFlight} in flight`,
        {
          "CPU µs/request": Math.round(result.cpuMicros),
          "× (a)": Number.isNaN(result.ratio) ? "" : result.ratio.toFixed(2),
          "requests/s": Math.round(result.requestsPerSecond),
          "steps/s": result.stepsPerSecond > 0 ? Math.round(result.stepsPerSecond) : "",
          "p50 ms": result.p50Ms.toFixed(1),
          "p99 ms": result.p99Ms.toFixed(1),
          "RSS MB": Math.round(result.rssBytes / mebibyte),
          "stall p99 ms": result.stallP99Ms.toFixed(1),
        },
      ]),
    ),
  );
  console.table(Object.fromEntries(summary.bars.map(({ what, ...bar }) => [what, bar])));
}
