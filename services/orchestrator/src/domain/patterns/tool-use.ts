import type { Pattern } from "./pattern.ts";

/** One round of tools, all at once, then the answer with tools switched off: at most two model calls when all goes well. */
export const toolUse: Pattern = async (run) => {
  let acted = false;
  for (const turn of run.turns()) {
    const thought = await turn.think(acted ? "none" : "auto");
    if (thought.kind === "answer") return thought.message;
    if (thought.kind === "calls") {
      await turn.act(thought.calls);
      acted = true;
    }
  }
  throw run.outOfTurns();
};
