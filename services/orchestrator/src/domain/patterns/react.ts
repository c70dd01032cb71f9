import type { Pattern } from "./pattern.ts";

/** Reason and act in turns, until the model answers instead of calling tools. */
export const react: Pattern = async (run) => {
  for (const turn of run.turns()) {
    const thought = await turn.think("auto");
    if (thought.kind === "answer") return thought.message;
    if (thought.kind === "calls") await turn.act(thought.calls);
  }
  throw run.outOfTurns();
};
