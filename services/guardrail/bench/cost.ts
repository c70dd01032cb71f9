// biome-ignore-all lint/suspicious/noConsole: a script for people
/** Microseconds per check by kind and size of text, and the time of hostile texts: `node services/guardrail/bench/cost.ts`. */
import { loadPolicies } from "../src/adapters/yaml/policy-files.ts";
import { checkLongText, checkText } from "../src/domain/check-text.ts";
import { StreamChecker } from "../src/domain/stream-checker.ts";
import { hostileTexts } from "./hostile-texts.ts";

const policies = await loadPolicies(undefined);
const policy = policies.find(({ name }) => name === "default");
const strict = policies.find(({ name }) => name === "strict");
if (policy === undefined || strict === undefined) throw new Error("bundled policies are missing");

const PROSE =
  "The quarterly report shows that revenue grew by 17 % to 4.2 million, while costs stayed flat. We will not know before " +
  "March 12, 2026 whether order 4711-A (version 2.14.3) is shipped, but the team expects it. Please write a short summary " +
  "of the attached notes for the board and tell me what is missing. ";
const CODE =
  "export function total(items: readonly Item[]): number {\n  return items.reduce((sum, { price, count }) => sum + price * count, 0);\n}\n" +
  'const url = "https://example.org/api/v2/items?limit=100"; // 200 OK at 10:42:07\n';
const PERSONAL =
  "Write to jane.roe@example.org or call +1 212 555 0123. Card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, SSN 521-44-9382. ";

// The first round warms up: the engine compiles what is used.
for (const isMeasured of [false, true]) {
  for (const [name, base] of Object.entries({ PROSE, CODE, PERSONAL })) {
    // Flat, as texts are that come off the wire.
    const text = Buffer.from(base.repeat(12).slice(0, 1024)).toString();
    for (const stage of ["input", "output", "retrieved"] as const) {
      const microseconds = timed(() => checkText(policy, { stage, text }));
      if (isMeasured) console.log(`${name.toLowerCase()} 1 KB, ${stage}: ${microseconds.toFixed(1)} µs`);
    }
  }
}
const answer = Buffer.from(PROSE.repeat(3).slice(0, 600)).toString();
console.log(
  `stream of 600 characters in pieces of 4: ${timed(() => {
    const checker = new StreamChecker(policy, "output");
    for (let i = 0; i < answer.length; i += 4) checker.push(answer.slice(i, i + 4));
    checker.end();
  }).toFixed(1)} µs`,
);
for (const [name, text] of Object.entries(hostileTexts(262_144))) {
  const started = performance.now();
  await checkLongText(strict, { stage: "output", text });
  console.log(`hostile ${name} 256 KB: ${(performance.now() - started).toFixed(0)} ms`);
}

function timed(work: () => void): number {
  for (let i = 0; i < 3000; i++) work();
  const times: number[] = [];
  for (let round = 0; round < 9; round++) {
    const started = performance.now();
    for (let i = 0; i < 500; i++) work();
    times.push(((performance.now() - started) / 500) * 1000);
  }
  return times.sort((a, b) => a - b)[4] as number;
}
