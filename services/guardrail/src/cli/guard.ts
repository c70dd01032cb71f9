/** `npm run guard -- check "text"`, `eval FILE`, `policies`: the guardrail for people, without a running mesh. */
import { parseArgs } from "node:util";
import { loadPolicies } from "../adapters/yaml/policy-files.ts";
import { checkLongText } from "../domain/check-text.ts";
import type { Policy } from "../domain/policy.ts";
import { STAGES, type Stage } from "../domain/verdict.ts";
import { evaluateFile } from "./evaluate.ts";
import { describePolicies, describeResult, resultAsJson } from "./report.ts";

const HELP = `Checks texts as the guardrail does.

  npm run guard -- check [options] "text"     verdict and findings; "-" reads the text from standard input
  npm run guard -- eval [options] FILE        confusion figures over lines of {"text": …, "label": 0 or 1}
  npm run guard -- policies [options]         the policies with their rules

  --policy <name>     the policy (default: default)
  --stage <stage>     ${STAGES.join(", ")} (default: input)
  --folder <path>     a folder of further policies
  --tenant <name>     whose policies count
  --system <text>     the system prompt that an answer was made with
  --passage <text>    a passage that an answer was made from; more than once
  --json              for machines
  --help              this text

Ends with 0; with 2 when a checked text is blocked; with 1 when something is wrong.`;

/** Where the command writes, and what it reads. */
export interface Terminal {
  write(text: string): void;
  complain(text: string): void;
  readonly colours: boolean;
  stdin(): Promise<string>;
}

/** Runs one command. @returns the exit code */
export async function guardCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    const [command, argument, ...more] = positionals;
    if (values.help || command === undefined) {
      terminal.write(`${HELP}\n`);
      return values.help ? 0 : 1;
    }
    if (more.length > 0) throw new Error("too many arguments; put the text between quotation marks");
    const policies = await loadPolicies(values.folder);
    if (command === "policies") {
      terminal.write(describePolicies(policies, values.json));
      return 0;
    }
    if (argument === undefined) throw new Error(`"${command}" needs ${command === "eval" ? "a file" : "a text"}`);
    const setup = { policy: policyFor(policies, values), stage: stageOf(values.stage) };
    if (command === "eval") return await evaluateFile(argument, setup, { json: values.json, write: terminal.write });
    if (command !== "check")
      throw new Error(`no command "${command.slice(0, 40)}"; there are check, eval and policies`);
    const text = argument === "-" ? await terminal.stdin() : argument;
    const context = { systemPrompt: values.system ?? "", passages: values.passage ?? [] };
    const result = await checkLongText(setup.policy, { stage: setup.stage, text, context });
    const described = { ...setup, text, result };
    terminal.write(values.json ? resultAsJson(described) : describeResult(described, terminal.colours));
    return result.verdict === "block" ? 2 : 0;
  } catch (error) {
    terminal.complain(`guard: ${error instanceof Error ? error.message : "unknown error"}\n`);
    return 1;
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      policy: { type: "string", default: "default" },
      stage: { type: "string", default: "input" },
      folder: { type: "string" },
      tenant: { type: "string" },
      system: { type: "string" },
      passage: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
}

function policyFor(policies: readonly Policy[], { policy: name, tenant }: { policy: string; tenant?: string }): Policy {
  const named = policies.filter((policy) => policy.name === name);
  const found =
    (tenant === undefined ? undefined : named.find((policy) => policy.tenant === tenant)) ??
    named.find((policy) => policy.tenant === undefined);
  if (found !== undefined) return found;
  throw new Error(`there is no policy of this name; known are: ${policies.map((policy) => policy.name).join(", ")}`);
}

function stageOf(given: string): Stage {
  const stage = STAGES.find((known) => known === given);
  if (stage === undefined) throw new Error(`--stage must be one of ${STAGES.join(", ")}`);
  return stage;
}
