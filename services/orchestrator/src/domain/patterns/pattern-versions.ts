import type { PatternName } from "../agents/bundle.ts";

/**
 * The version of each pattern's code. Raise it with every change that makes a pattern ask for other effects, or in
 * another order, than it did before: runs begun under the old version then stop with AGENT_CHANGED instead of replaying
 * a journal that no longer fits.
 */
export const patternVersions: Readonly<Record<PatternName, number>> = { react: 1, "tool-use": 1 };
