import { loadPolicies } from "../src/adapters/yaml/policy-files.ts";
import { checkText } from "../src/domain/check-text.ts";
import { scoreText } from "../src/domain/model/bundled-model.ts";
import { table } from "./table.ts";

const PROSE =
  "The quarterly report shows that revenue grew by 17 % to 4.2 million, while costs stayed flat. We will not know before " +
  "March 12, 2026 whether order 4711-A (version 2.14.3) is shipped, but the team expects it. Please write a short summary " +
  "of the attached notes for the board and tell me what is missing. ";

/** Time of the model by itself and of a whole check under the default policy. */
export async function costSection(): Promise<string[]> {
  const policy = (await loadPolicies(undefined)).find(({ name }) => name === "default");
  if (policy === undefined) throw new Error("the default policy is missing");
  const short = Buffer.from(PROSE.repeat(5).slice(0, 1024)).toString();
  const rare = Array.from({ length: 128 }, (_, i) => `q${(i * 7919).toString(36)}zx`)
    .join(" ")
    .slice(0, 1024);
  const long = Buffer.from(PROSE.repeat(400).slice(0, 102_400)).toString();
  const rows = [
    ["model, 1 KB of prose", ...timed(() => scoreText(short), 3000)],
    ["model, 1 KB of rare words", ...timed(() => scoreText(rare), 3000)],
    ["check, 1 KB of prose, input", ...timed(() => checkText(policy, { stage: "input", text: short }), 3000)],
    ["check, 1 KB of prose, retrieved", ...timed(() => checkText(policy, { stage: "retrieved", text: short }), 3000)],
    ["check, 100 KB of prose, input", ...timed(() => checkText(policy, { stage: "input", text: long }), 100)],
  ];
  const note = "One thread, warm, on the machine of the run: read as ratios.";
  return ["## Cost", note, table(["", "p50 µs", "p99 µs"], rows)];
}

function timed(work: () => unknown, rounds: number): string[] {
  for (let i = 0; i < rounds; i++) work();
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now();
    work();
    return (performance.now() - started) * 1000;
  }).sort((a, b) => a - b);
  return [0.5, 0.99].map((share) => (times[Math.floor(rounds * share)] ?? 0).toFixed(1));
}
