import { text } from "node:stream/consumers";
import { guardCommand } from "./guard.ts";

process.exitCode = await guardCommand(process.argv.slice(2), {
  write: (shown) => void process.stdout.write(shown),
  complain: (shown) => void process.stderr.write(shown),
  colours: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
  stdin: () => text(process.stdin),
});
