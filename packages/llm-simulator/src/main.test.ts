import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

function run(...parameters: string[]): { child: ChildProcess; output: () => string; ended: Promise<number> } {
  const child = spawn(process.execPath, [main, ...parameters]);
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (text += chunk));
  return { child, output: () => text, ended: once(child, "close").then(([code]) => code as number) };
}

describe("the command", () => {
  test("serves until it is told to stop", async () => {
    const { child, output, ended } = run("--port", "0", "--tokens-per-second", "1000");
    await expect.poll(output, { timeout: 10_000 }).toContain("answers at");
    const url = /http:\S+/.exec(output())![0];
    expect((await fetch(`${url}/models`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  test("explains itself", async () => {
    const { output, ended } = run("--help");
    expect(await ended).toBe(0);
    expect(output()).toContain("--tokens-per-second");
  });

  test.each([
    [["--port", "x"], "--port must be a number"],
    [["--faults", "boom"], "Unknown fault `boom`"],
    [["--nonsense"], "Unknown option '--nonsense'"],
  ])("refuses %j and says why", async (parameters, message) => {
    const { output, ended } = run(...parameters);
    expect(await ended).toBe(1);
    expect(output()).toContain(message);
  });
});
