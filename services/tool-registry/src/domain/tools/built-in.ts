import type { MemoryPort } from "../memory-port.ts";
import type { Tool } from "../tool.ts";
import { calculator } from "./calculator/calculator.ts";
import { clockTool } from "./clock.ts";
import { recallTool, rememberTool } from "./memory-tools.ts";

/** What built-in tools need. */
export interface BuiltInOptions {
  readonly clock: () => number;
  readonly memory: MemoryPort;
}

/** The tools that come with the registry. */
export function builtInTools({ clock, memory }: BuiltInOptions): readonly Tool[] {
  return [calculator, clockTool(clock), recallTool(memory), rememberTool(memory)];
}
