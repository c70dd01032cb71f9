import type { PatternName } from "../agents/bundle.ts";
import type { Pattern } from "./pattern.ts";
import { react } from "./react.ts";
import { toolUse } from "./tool-use.ts";

/** The patterns by the name that agents give. */
export const patterns: Readonly<Record<PatternName, Pattern>> = { react, "tool-use": toolUse };
