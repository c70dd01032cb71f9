import { ConfigError, describeSettings, loadConfig, printConfig } from "@agentmesh/config";
import { DomainError } from "@agentmesh/rpc/domain-error";
import { readFlags } from "./flags.ts";
import type { Module } from "./module.ts";
import { ModuleError } from "./module-error.ts";
import { settingsOf } from "./process-config.ts";
import type { RunningProcess } from "./process-options.ts";
import { otherGroups } from "./settings.ts";
import { startProcess } from "./start-process.ts";

/** Exit codes: 1 for a failure, 2 for flags and settings that make no sense (as shells do). */
const exitCodes = { failure: 1, usage: 2 } as const;

/** After a fault nobody caught, work in progress gets this long: what was confirmed is stored anyway. */
const graceAfterFaultMs = 2_000;

/** A process with a command line. */
export interface RunOptions {
  /** The service's name, or "agentmesh". */
  readonly name: string;
  /** One sentence for `--help`. */
  readonly purpose: string;
  readonly modules: readonly Module[];
  /** Starts it; `startProcess` with the modules when not given. */
  readonly start?: (environment: NodeJS.ProcessEnv) => Promise<RunningProcess>;
  /** Called when everything serves. */
  readonly ready?: (running: RunningProcess) => void;
}

/** Runs one service alone: flags, settings, servers, signals. All of a service's `main.ts`. */
export function runService(module: Module): Promise<void> {
  return runProcess({ name: module.name, purpose: `The ${module.name} service of agentmesh.`, modules: [module] });
}

/**
 * Runs a process until a signal ends it. `--help` and `--print-config` print and end; settings that make no sense are
 * listed and end it with code 2. The first SIGTERM or SIGINT starts the shutdown, a second one ends the process at once.
 */
export async function runProcess(options: RunOptions): Promise<void> {
  const command = readFlags(process.argv.slice(2));
  try {
    if (typeof command === "object") return fail(`${options.name} ${command.problem}: see --help`, exitCodes.usage);
    if (command === "help") return print(helpText(options));
    if (command === "print-config") return print(configText(options));
    await serve(options);
  } catch (error) {
    fail(startFailure(error), error instanceof ConfigError ? exitCodes.usage : exitCodes.failure);
  }
}

async function serve(options: RunOptions): Promise<void> {
  const { name, modules } = options;
  const interrupted = refuseSignalsWhileStarting();
  const start = options.start ?? ((environment) => startProcess({ name, modules, environment }));
  const running = await start(process.env);
  interrupted.dispose();
  watchSignals(running);
  watchFaults(running);
  const startupMs = Math.round(performance.now());
  running.telemetry.logger.info("ready", { ...running.addresses, startup_ms: startupMs });
  options.ready?.(running);
}

/** Nothing is served yet: a signal ends the process at once, with the code of the signal. */
function refuseSignalsWhileStarting(): { dispose(): void } {
  const onTerminate = () => process.exit(143);
  const onInterrupt = () => process.exit(130);
  process.on("SIGTERM", onTerminate).on("SIGINT", onInterrupt);
  return { dispose: () => process.off("SIGTERM", onTerminate).off("SIGINT", onInterrupt) };
}

/** A Ctrl-C reaches the process twice, from the terminal and from npm: within this time it is the same one. */
const sameSignalMs = 500;

function watchSignals(running: RunningProcess): void {
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (first !== undefined && performance.now() - first < sameSignalMs) return;
    if (first !== undefined) process.exit(exitCodes.failure);
    first = performance.now();
    running.telemetry.logger.info("stopping", { signal });
    void endAfter(running.stop(), 0);
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
}

/** A fault that nobody caught leaves the process in an unknown state: log it, save what can be saved, end. */
function watchFaults(running: RunningProcess): void {
  const onFault = (error: unknown) => {
    running.telemetry.logger.error("a fault that nobody caught: stopping", { error });
    process.stderr.write(`${framesOf(error)}\n`);
    void endAfter(running.stop(graceAfterFaultMs), exitCodes.failure);
  };
  process.on("uncaughtException", onFault).on("unhandledRejection", onFault);
}

/** Where a fault happened, without its message, which may hold content. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error)) return `uncaught ${typeof error}`;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return [`uncaught ${error.name}`, ...frames].join("\n");
}

async function endAfter(stopped: Promise<void>, code: number): Promise<void> {
  await stopped;
  process.exit(code);
}

function helpText({ name, purpose, modules }: RunOptions): string {
  const usage = [
    `${name}: ${purpose}`,
    "",
    "  --help           this text",
    "  --print-config   the settings as they would be used, secrets masked",
    "",
    "Settings are read from the environment; an empty variable counts as not set.",
  ];
  return `${usage.join("\n")}\n\n${describeSettings(settingsOf(modules))}`;
}

function configText({ modules }: RunOptions): string {
  const groups = settingsOf(modules);
  return printConfig(groups, loadConfig(groups, { environment: process.env, otherGroups }));
}

/** Faults of the configuration and of modules are for the operator; anything else is a bug and keeps its stack. */
function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error instanceof ModuleError ? error.cause : error;
  const expected = cause instanceof ConfigError || cause instanceof DomainError || isSystemError(cause);
  return expected ? error.message : `${error.message}\n${cause instanceof Error ? cause.stack : ""}`;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string, code: number): void {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}
