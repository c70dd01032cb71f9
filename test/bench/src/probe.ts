/**
 * Loaded with `--import` into a process under measurement: answers "sample" over IPC with what the process used
 * since the sample before. It runs in the measured process and costs it next to nothing between samples. "profile"
 * begins a CPU profile, and a folder's path ends it and writes it there.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
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

let session: Session | undefined;

async function startProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 200 });
  await session.post("Profiler.start");
}

async function writeProfile(folder: string): Promise<void> {
  const result = await session?.post("Profiler.stop");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${process.pid}.cpuprofile`, JSON.stringify(result?.profile));
}

process.on("message", async (message) => {
  if (message === "sample") process.send?.({ sample: sample() });
  else if (message === "profile") process.send?.({ profile: await startProfile() });
  else process.send?.({ profile: await writeProfile(String(message)) });
});
// Measuring must not keep a process alive that wants to end.
process.channel?.unref();
// A bench that dies leaves nothing behind.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
