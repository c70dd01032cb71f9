import { parseArgs } from "node:util";
import { createSimulator, FAULT_NAMES, MODEL_IDS, type SimulatorOptions } from "./index.ts";

const HELP = `The agentmesh simulator: an OpenAI-compatible server with scripted answers.

  npm start -w packages/llm-simulator -- [options]

  --host <address>             Address to listen on (default 127.0.0.1)
  --port <number>              Port, 0 for a free one (default 7199)
  --latency-ms <number>        Wait before an answer begins (default 0)
  --tokens-per-second <number> Pace of the answers (default: as fast as possible)
  --faults <list>              Faults of every request, such as status=503,fail_times=2
  --api-key <key>              Require this key (default: none is needed)
  --help                       This text

Models: ${MODEL_IDS.join(", ")}
A model's name may carry faults: simulator-small+status=429+retry_after=2
Faults: ${FAULT_NAMES.join(", ")}
`;

const OPTIONS = {
  host: { type: "string" },
  port: { type: "string", default: "7199" },
  "latency-ms": { type: "string" },
  "tokens-per-second": { type: "string" },
  faults: { type: "string" },
  "api-key": { type: "string" },
  help: { type: "boolean" },
} as const;

function readOptions(): SimulatorOptions | undefined {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return undefined;
  return {
    host: values.host,
    port: numberOf("port", values.port, 65_535),
    latencyMs: numberOf("latency-ms", values["latency-ms"], 600_000),
    tokensPerSecond: numberOf("tokens-per-second", values["tokens-per-second"], 1_000_000),
    faults: values.faults,
    apiKey: values["api-key"],
  };
}

function numberOf(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= max) return value;
  throw new TypeError(`--${name} must be a number from 0 to ${max}.`);
}

async function run(): Promise<void> {
  const options = readOptions();
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const simulator = await createSimulator(options);
  process.stdout.write(`The simulator answers at ${simulator.url} (models: ${MODEL_IDS.join(", ")}).\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => simulator.close());
}

run().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
