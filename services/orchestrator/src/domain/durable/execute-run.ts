import { errors } from "../../errors.ts";
import type { Ending } from "../events.ts";
import type { DurableRun, Pattern, Turn } from "../patterns/pattern.ts";
import { patterns } from "../patterns/patterns.ts";
import { act } from "./act.ts";
import { recallSession } from "./recall-session.ts";
import type { RunContext } from "./run-context.ts";
import { storeTurn } from "./store-turn.ts";
import { think } from "./think.ts";

/**
 * Carries a run out from wherever its journal ends, and ends it with an answer.
 * @throws whatever keeps it from one; the journal may then hold events that are not stored yet
 */
export async function executeRun(context: RunContext): Promise<Ending> {
  context.checkRepeating();
  const { question } = context;
  const recalled = await recallSession(context);
  context.sessionVersion = recalled?.sessionVersion;
  context.transcript.add(...context.request.history, ...(recalled?.messages ?? []), question);
  const pattern: Pattern = patterns[context.bundle.pattern];
  const output = await pattern(durableRun(context));
  context.steps.assertAllTaken();
  context.checkRepeating();
  if (context.sessionVersion !== undefined) {
    await context.barrier();
    await storeTurn(context, question, output);
  }
  const ending: Ending = { kind: "succeeded", output, totals: context.totals };
  await context.journal.finish(ending);
  return ending;
}

function durableRun(context: RunContext): DurableRun {
  const { iterations } = context.bundle.limits;
  return {
    *turns() {
      for (let number = 1; number <= iterations; number += 1) {
        context.checkRepeating();
        yield turnOf(context, number);
      }
    },
    outOfTurns: () =>
      errors.ITERATION_LIMIT({ message: `The agent found no answer within its limit of ${iterations} turns.` }),
  };
}

function turnOf(context: RunContext, number: number): Turn {
  return {
    number,
    think: (tools) => think(context, number, tools),
    act: (calls) => act(context, number, calls),
  };
}
