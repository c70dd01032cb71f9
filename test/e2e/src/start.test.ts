/** What the README promises a newcomer: two commands, and three more to paste. */
import { type ChildProcess, exec, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bufCurl } from "./harness/doors.ts";
import { eventually } from "./harness/eventually.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(exec);

/** What a terminal or a supervisor does to npm; the mesh must stop with it, and in order. */
async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(0);
}

it("npm start -w services/cost starts one service alone, which stops with npm", async () => {
  const folder = temporaryDirectory();
  const ports = { AGENTMESH_COST_GRPC_PORT: "0", AGENTMESH_METRICS_PORT: "0" };
  const env = { ...process.env, ...ports, AGENTMESH_DATA_DIR: folder.path };
  const child = spawn("npm", ["start", "-w", "services/cost"], { cwd: repository, env });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await eventually(() => output.includes('"message":"ready"'), Boolean, 30_000);
  await stop(child);
  expect(output).toContain('"message":"stopping"');
  folder.remove();
});

describe("npm start", () => {
  const folder = temporaryDirectory();
  const dataDirectory = join(folder.path, "data");
  let child: ChildProcess;
  let output = "";
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    environment = {
      ...process.env,
      AGENTMESH_DATA_DIR: dataDirectory,
      AGENTMESH_GATEWAY_GRPC_PORT: "0",
      AGENTMESH_GATEWAY_HTTP_PORT: "0",
      AGENTMESH_METRICS_PORT: "0",
    };
    child = spawn("npm", ["start"], { cwd: repository, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await eventually(() => output.includes("agentmesh is ready") && output.includes("console.log"), Boolean, 45_000);
  });

  afterAll(async () => {
    await stop(child);
    folder.remove();
  });

  /** A command that was printed to be pasted, from its first word to the end of its paragraph. */
  const pasted = (first: string) => {
    const paragraph = output.split("\n\n").find((text) => text.trim().startsWith(first));
    if (paragraph === undefined) throw new Error(`no command ${first} in:\n${output}`);
    return paragraph.trim();
  };
  const paste = (first: string) => run(pasted(first), { cwd: repository, env: environment, shell: "/bin/sh" });

  it("keeps the admin key for its owner only, and prints it nowhere", () => {
    const file = join(dataDirectory, "admin-key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(output).not.toContain(readFileSync(file, "utf8").trim());
  });

  it("prints a curl command that answers when it is pasted", async () => {
    const { stdout } = await paste("curl");
    expect(JSON.parse(stdout).choices[0].message.content).toContain("391");
  });

  it("prints a command with the openai SDK that answers when it is pasted", async () => {
    expect((await paste("OPENAI_BASE_URL=")).stdout).toContain("391");
  });

  it("prints a grpcurl command; what it asks streams a run that calls the calculator", async () => {
    const command = pasted("grpcurl");
    const [, data = ""] = /-d '([^']+)'/.exec(command) ?? [];
    const [, address, method] = /(127\.0\.0\.1:\d+) (\S+)$/.exec(command) ?? [];
    expect(command).toContain(`$(cat ${join(dataDirectory, "admin-key")})`);
    const secret = readFileSync(join(dataDirectory, "admin-key"), "utf8").trim();
    const { code, out } = await bufCurl(`http://${address}/${method}`, secret, data);
    expect(code).toBe(0);
    expect(out).toMatch(/"toolCalled"[\s\S]*"calculator"/);
    expect(out).toMatch(/"succeeded"[\s\S]*391/);
  });

  it("answers npm run ask, which shows the call of the tool and the answer, and remembers a session", async () => {
    const address = /gRPC\s+(\S+:\d+)/.exec(output)?.[1] ?? "";
    const ask = (question: string, session = "") => {
      const options = `--address ${address} --key-file ${join(dataDirectory, "admin-key")}`;
      const inSession = session === "" ? "" : ` --session ${session}`;
      return run(`npm run --silent ask -- ${options}${inSession} "${question}"`, { cwd: repository, env: process.env });
    };
    const { stdout } = await ask("What is 17 * 23?");
    expect(stdout).toMatch(/calculator[\s\S]*391/);
    await ask("My name is Ada.", "monday");
    expect((await ask("What is my name?", "monday")).stdout).toContain("Ada");
    await expect(ask("Hello", "not/a/session")).rejects.toMatchObject({ code: 1 });
  });

  it.each(["openai.ts", "connect.ts", "grpc-js.ts"])("is what the example %s talks to", async (example) => {
    const addresses = {
      AGENTMESH_API_ADDRESS: /gRPC\s+(\S+:\d+)/.exec(output)?.[1],
      AGENTMESH_API_URL: /HTTP\s+(http:\S+:\d+)/.exec(output)?.[1],
      AGENTMESH_API_KEY_FILE: join(dataDirectory, "admin-key"),
    };
    const command = `node --disable-warning=ExperimentalWarning examples/clients/${example}`;
    const path = `${repository}/node_modules/.bin:${process.env.PATH}`;
    const { stdout } = await run(command, { cwd: repository, env: { ...process.env, PATH: path, ...addresses } });
    expect(stdout).toContain("391");
  });
});
