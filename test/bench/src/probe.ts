/**
 * Loaded with `--import` into a process under measurement: answers "sample" over IPC with what the process used
 * since the sample before. It runs in the measured process and costs it next to nothing between samples.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** What a process used between two samples. */
export interface Sample {
  /** User and system time, in microseconds. */
  readonly cpuMicros: number;
  /** Resident set, in bytes. */
  readonly rssBytes: number;
  /** 99th percentile of the event loop's delay, in milliseconds, beyond the probe's own 10 ms timer. */
  readonly stallP99Ms: number;
  /** Longest delay, in milliseconds. */
  readonly stallMaxMs: number;
}

const resolutionMs = 10;
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();
let before = process.cpuUsage();

function sample(): Sample {
  const used = process.cpuUsage(before);
  before = process.cpuUsage();
  const result = {
    cpuMicros: used.user + used.system,
    rssBytes: process.memoryUsage.rss(),
    stallP99Ms: Math.max(0, delay.percentile(99) / 1e6 - resolutionMs),
    stallMaxMs: Math.max(0, delay.max / 1e6 - resolutionMs),
  };
  delay.reset();
  return result;
}

process.on("message", (message) => {
  if (message === "sample") process.send?.({ sample: sample() });
});
// Measuring must not keep a process alive that wants to end.
process.channel?.unref();
