import type { CallScope } from "@agentmesh/rpc/scope";
import type { Span } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import type { ActiveRun } from "./active-run.ts";
import type { AgentCatalogue } from "./agents/catalogue.ts";
import { executeRun } from "./durable/execute-run.ts";
import { Journal } from "./durable/journal.ts";
import { RunContext, type RunPorts } from "./durable/run-context.ts";
import { acceptanceOf, type Ending, totalsOf } from "./events.ts";
import { isFenced, isStorageError, RunStopped, runErrorOf, type StopReason } from "./failure.ts";
import type { RunInstruments } from "./instruments.ts";
import { patternVersions } from "./patterns/pattern-versions.ts";
import type { RunStore } from "./run-store.ts";
import type { Totals } from "./totals.ts";

/** What carrying runs out takes. */
export interface CarryOutDependencies {
  readonly store: RunStore;
  readonly catalogue: AgentCatalogue;
  readonly ports: RunPorts;
  readonly instruments: RunInstruments;
  readonly clock: () => number;
}

/**
 * How this process is done with a run: it ended; it goes on elsewhere ("lost", "released"); or nothing could be stored,
 * so that its lease has to be given up ("stuck").
 */
export type CarriedOut =
  | { readonly outcome: "ended"; readonly ending: Ending; readonly lastSeq: number; readonly cause?: unknown }
  | { readonly outcome: "lost" | "released" | "stuck"; readonly cause?: unknown };

/** Carries a claimed run out until it ends or must be left. Never rejects. */
export async function carryOut(active: ActiveRun, span: Span, dependencies: CarryOutDependencies): Promise<CarriedOut> {
  const { claimed } = active;
  const journal = new Journal({
    store: dependencies.store,
    lease: claimed.lease,
    lastSeq: claimed.run.lastSeq,
    clock: dependencies.clock,
    onStored: (events) => dependencies.ports.feed.publish(claimed.run.id, events),
  });
  let totals = () => totalsOf(claimed.events);
  try {
    const context = await openContext({ active, span, journal, dependencies });
    totals = () => context.totals;
    const ending = await executeRun(context);
    return { outcome: "ended", ending, lastSeq: journal.lastSeq };
  } catch (error) {
    return endEarly({
      active,
      stopped: stopReason(active, error, dependencies.clock()),
      journal,
      totals: totals(),
      error,
    });
  }
}

async function openContext({
  active,
  span,
  journal,
  dependencies,
}: {
  active: ActiveRun;
  span: Span;
  journal: Journal;
  dependencies: CarryOutDependencies;
}): Promise<RunContext> {
  const { run, events } = active.claimed;
  const acceptance = acceptanceOf(events);
  if (acceptance === undefined)
    throw errors.JOURNAL_MISMATCH({ message: "The journal does not begin with an acceptance." });
  const bundle = await dependencies.catalogue.version(run.agentId, run.agentVersion);
  if (patternVersions[bundle.pattern] !== bundle.patternVersion) {
    throw errors.AGENT_CHANGED({ metadata: { agent_id: run.agentId, agent_version: run.agentVersion } });
  }
  if (run.cancelReason !== undefined) active.stop({ kind: "cancelled", reason: run.cancelReason });
  const { principal, token } = acceptance.request;
  const credential = { principal, token: () => token };
  const scope: CallScope = { signal: active.signal, deadline: run.deadline, credential, span };
  const { ports, instruments, clock } = dependencies;
  return new RunContext({ run, acceptance, bundle, journal, events, scope, ports, instruments, clock });
}

/** Whatever fails once the time is up fails because of that. */
function stopReason({ stopped, claimed }: ActiveRun, error: unknown, now: number): StopReason | undefined {
  if (stopped !== undefined) return stopped;
  if (error instanceof RunStopped) return error.stop;
  return now >= claimed.run.deadline ? { kind: "timeout" } : undefined;
}

interface EarlyEnd {
  readonly active: ActiveRun;
  readonly stopped: StopReason | undefined;
  readonly journal: Journal;
  readonly totals: Totals;
  readonly error: unknown;
}

async function endEarly({ active, stopped, journal, totals, error }: EarlyEnd): Promise<CarriedOut> {
  if (isFenced(error) || stopped?.kind === "lost") return { outcome: "lost" };
  if (isStorageError(error)) return { outcome: "stuck", cause: error };
  try {
    if (stopped?.kind === "released") {
      // What was done already need not be done again by whoever takes over.
      await journal.flush();
      return { outcome: "released" };
    }
    const ending = endingOf({ active, stopped, totals, error });
    await journal.finish(ending);
    return { outcome: "ended", ending, lastSeq: journal.lastSeq, cause: error };
  } catch (failure) {
    return { outcome: isFenced(failure) ? "lost" : "stuck", cause: failure };
  }
}

function endingOf({ active, stopped, totals, error }: Omit<EarlyEnd, "journal">): Ending {
  if (stopped?.kind === "cancelled") return { kind: "cancelled", reason: stopped.reason, totals };
  if (stopped?.kind !== "timeout") return { kind: "failed", error: runErrorOf(error), totals };
  const { created, deadline } = active.claimed.run;
  const seconds = Math.round((deadline - created) / 100) / 10;
  const timeout = errors.RUN_TIMEOUT({ message: `The run took longer than the ${seconds} s it may.` });
  return { kind: "failed", error: runErrorOf(timeout), totals };
}
