/** What a process was asked to do on its command line. */
export type Command = "run" | "help" | "print-config";

/** Reads the arguments after the script's name. Returns an explanation when they make no sense. */
export function readFlags(args: readonly string[]): Command | { readonly problem: string } {
  const [flag, ...rest] = args;
  if (flag === undefined) return "run";
  if (rest.length > 0) return { problem: "takes one flag at most" };
  if (flag === "--help" || flag === "-h") return "help";
  if (flag === "--print-config") return "print-config";
  return { problem: `does not know ${flag}` };
}
