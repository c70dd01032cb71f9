/** `npm run ask -- "…"`: asks an agent and shows the events of its run as they come. */
import { parseArgs } from "node:util";
import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import { createGrpcTransport, errorInfoOf } from "@agentmesh/rpc";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { fail, grpcAddress, readKey } from "./mesh.ts";
import { paint, RunPrinter } from "./run-printer.ts";

const help = `Asks an agent and shows its run.

  npm run ask -- [options] "your question"

  --agent <name>      the agent to ask (default: assistant)
  --session <id>      the conversation to continue; the agent then remembers what was said in it
  --address <host:port>  the gateway's gRPC port (default: AGENTMESH_API_ADDRESS or 127.0.0.1:7100)
  --key-file <path>   the file with the API key (default: AGENTMESH_API_KEY, or .data/admin-key)
  --help              this text

Ctrl-C cancels the run.`;

interface Question {
  readonly input: string;
  readonly agent: string;
  readonly session: string;
  readonly address: string;
  readonly keyFile: string | undefined;
}

function readQuestion(): Question | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      agent: { type: "string", default: "assistant" },
      session: { type: "string", default: "" },
      address: { type: "string", default: grpcAddress },
      "key-file": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const input = positionals.join(" ").trim();
  if (input === "") throw new Error(`Ask something: npm run ask -- "What is 17 * 23?"  (--help shows the options)`);
  const { agent, session, address, "key-file": keyFile } = values;
  return { input, agent, session, address, keyFile };
}

async function ask(question: Question): Promise<boolean> {
  const key = readKey(question.keyFile);
  const withKey: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({ address: question.address, interceptors: [withKey] });
  const leave = new AbortController();
  process.once("SIGINT", () => leave.abort());
  const printer = new RunPrinter(
    (text) => process.stdout.write(text),
    paint(process.stdout.isTTY === true && !process.env.NO_COLOR),
  );
  try {
    const run = { agentId: question.agent, input: question.input, sessionId: question.session };
    let answered = true;
    const events = createClient(AgentService, transport).streamRun(
      { run },
      { signal: leave.signal, timeoutMs: 300_000 },
    );
    for await (const { event } of events) if (event !== undefined) answered = printer.show(event) && answered;
    return answered;
  } catch (error) {
    throw new Error(explain(ConnectError.from(error), question));
  } finally {
    await transport.close();
  }
}

function explain(error: ConnectError, { address }: Question): string {
  if (error.code === Code.Canceled) return "Cancelled.";
  if (error.code === Code.Unavailable && errorInfoOf(error)?.domain === "rpc.agentmesh") {
    return `Nothing answers at ${address}. Start the mesh with "npm start", or name its address with --address.`;
  }
  return `${errorInfoOf(error)?.reason ?? Code[error.code]}: ${error.rawMessage}`;
}

try {
  const question = readQuestion();
  if (question === undefined) console.log(help);
  else if (!(await ask(question))) process.exitCode = 1;
} catch (error) {
  fail(error);
}
