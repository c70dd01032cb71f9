/** Starts a process under measurement and samples it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Sample } from "./probe.ts";

const probe = new URL("./probe.ts", import.meta.url).href;

/** A process of the bench. */
export interface MeasuredProcess {
  readonly name: string;
  /** What it used since the sample before. */
  sample(): Promise<Sample>;
  /** Begins a CPU profile; the function ends it and writes it into a folder. */
  profile(): Promise<(folder: string) => Promise<void>>;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
}

/** What to start. */
export interface ProcessOptions {
  readonly name: string;
  /** Entry, relative to this folder. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Answers without an error as soon as the process takes requests. */
  readonly ready: () => Promise<unknown>;
}

/** Starts a process and waits until it takes requests; fails with its output when it ends first. */
export async function startProcess(options: ProcessOptions): Promise<MeasuredProcess> {
  const entry = fileURLToPath(new URL(options.entry, import.meta.url));
  const args = [
    ...(options.nodeOptions ?? []),
    "--disable-warning=ExperimentalWarning",
    "--import",
    probe,
    entry,
    ...(options.args ?? []),
  ];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...options.environment },
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  await waitUntilReady(child, options, () => output);
  const ask = async (question: string): Promise<unknown> => {
    const answer = once(child, "message");
    child.send(question);
    return (await answer)[0];
  };
  return {
    name: options.name,
    sample: async () => ((await ask("sample")) as { sample: Sample }).sample,
    profile: async () => {
      await ask("profile");
      return async (folder) => {
        await ask(folder);
      };
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function waitUntilReady(child: ChildProcess, options: ProcessOptions, output: () => string): Promise<void> {
  const giveUp = Date.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${options.name} ended with ${child.exitCode}:\n${output()}`);
    try {
      await options.ready();
      return;
    } catch (error) {
      if (Date.now() > giveUp)
        throw new Error(`${options.name} is not ready after 30 s:\n${output()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
