// biome-ignore-all lint/suspicious/noConsole: a script for people
/** What a check adds to a stream: microseconds per token, characters held back, tokens until a token passes. */
import { loadPolicies } from "../src/adapters/yaml/policy-files.ts";
import { StreamChecker } from "../src/domain/stream-checker.ts";

const TOKEN = 4;
const ANSWER =
  "The quarterly report shows that revenue grew by 17 % to 4.2 million, while costs stayed flat. Write to the office on " +
  "March 12, 2026 about order 4711-A (version 2.14.3); the team expects it, and a summary is attached for the board. ";
const answer = ANSWER.repeat(10);

for (const policy of await loadPolicies(undefined)) {
  let micros = 0;
  let held: number[] = [];
  let waits: number[] = [];
  // The first rounds warm up: the engine compiles what is used.
  for (let round = 0; round < 30; round++) {
    const checker = new StreamChecker(policy, "output");
    held = [];
    waits = [];
    const waiting: { end: number; token: number }[] = [];
    const started = performance.now();
    for (let token = 0; token * TOKEN < answer.length; token++) {
      const end = Math.min(answer.length, (token + 1) * TOKEN);
      checker.push(answer.slice(token * TOKEN, end));
      held.push(checker.held);
      waiting.push({ end, token });
      while ((waiting[0]?.end ?? Number.POSITIVE_INFINITY) <= end - checker.held)
        waits.push(token - (waiting.shift()?.token ?? 0));
    }
    const last = Math.ceil(answer.length / TOKEN);
    checker.end();
    for (const { token } of waiting) waits.push(last - token);
    micros = ((performance.now() - started) * 1000) / last;
  }
  console.log(
    `${policy.name}: ${micros.toFixed(1)} µs per token; held back p50 ${at(held, 0.5)}, p99 ${at(held, 0.99)} characters; ` +
      `a token waits p50 ${at(waits, 0.5)}, p99 ${at(waits, 0.99)} further tokens`,
  );
}

function at(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? 0;
}
