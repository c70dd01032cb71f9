import { Role } from "@agentmesh/contracts/type/v1/types";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { failureOf } from "./harness/failure.ts";
import { message, promptOf } from "./harness/messages.ts";
import type { Clients, Person } from "./harness/person.ts";
import { eventsOf } from "./harness/runs.ts";
import { allTopologies } from "./harness/topologies.ts";

type Call = (clients: Clients) => Promise<unknown>;

interface Refused {
  readonly what: string;
  readonly call: Call;
  readonly code: string;
  readonly reason: string | RegExp;
  /** A part of the name of the field that is named. */
  readonly field?: string;
}

const run =
  (input: object): Call =>
  ({ agents }) =>
    agents.run({ run: { agentId: "assistant", input: "Hello", ...input } });
const generate =
  (wishes: object): Call =>
  ({ models }) =>
    models.generate({ prompt: promptOf("Hello", wishes) });

const refused: readonly Refused[] = [
  {
    what: "an agent that does not exist",
    call: run({ agentId: "nobody" }),
    code: "NotFound",
    reason: "AGENT_NOT_FOUND",
  },
  {
    what: "an agent's name that is none",
    call: run({ agentId: "../etc/passwd" }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "agent_id",
  },
  {
    what: "no run at all",
    call: ({ agents }) => agents.run({}),
    code: "InvalidArgument",
    reason: "INVALID_REQUEST",
    field: "run",
  },
  {
    what: "an empty input",
    call: run({ input: "" }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "input",
  },
  {
    what: "an input above its limit",
    call: run({ input: "x".repeat(256 * 1024 + 1) }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "input",
  },
  {
    what: "a session's name that is none",
    call: run({ sessionId: "a b" }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "session_id",
  },
  {
    what: "a session and a history at once",
    call: run({ sessionId: "s", history: [message(Role.USER, "Hi")] }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "history",
  },
  {
    what: "an idempotency key above its limit",
    call: run({ idempotencyKey: "k".repeat(129) }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "idempotency_key",
  },
  {
    what: "a negative time",
    call: run({ timeout: durationFromMs(-1) }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "timeout",
  },
  {
    what: "a negative budget",
    call: run({ budget: { nanoUsd: -1n } }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "budget",
  },
  {
    what: "a budget beyond what can be counted",
    call: run({ budget: { nanoUsd: 2n ** 62n } }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "budget",
  },
  {
    what: "a run that does not exist",
    call: ({ agents }) => agents.getRun({ runId: "run_00000000000000000000000000000000" }),
    code: "NotFound",
    reason: "RUN_NOT_FOUND",
  },
  {
    what: "a run's name that is none",
    call: ({ agents }) => agents.getRun({ runId: "'; DROP TABLE runs; --" }),
    code: "NotFound",
    reason: "RUN_NOT_FOUND",
  },
  {
    what: "a negative position",
    call: ({ agents }) => eventsOf(agents.watchRun({ runId: "run_00000000000000000000000000000000", afterSeq: -1n })),
    code: ".",
    reason: /^(RUN_NOT_FOUND|INVALID_POSITION|INVALID_INPUT)$/,
  },
  {
    what: "a negative page size",
    call: ({ agents }) => agents.listRuns({ pageSize: -1 }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "page_size",
  },
  {
    what: "an absurd page size",
    call: ({ agents }) => agents.listRuns({ pageSize: 2_000_000_000 }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "page_size",
  },
  {
    what: "a page token of nobody",
    call: ({ agents }) => agents.listRuns({ pageToken: "🙈" }),
    code: "InvalidArgument",
    reason: "INVALID_PAGE",
  },
  {
    what: "a session that does not exist",
    call: ({ sessions }) => sessions.getSession({ sessionId: "never" }),
    code: "NotFound",
    reason: "SESSION_NOT_FOUND",
  },
  {
    what: "too many sessions a page",
    call: ({ sessions }) => sessions.listSessions({ pageSize: 100_000 }),
    code: "InvalidArgument",
    reason: /^INVALID_/,
    field: "page_size",
  },
  {
    what: "a model that does not exist",
    call: generate({ model: "gpt-99" }),
    code: "NotFound",
    reason: "MODEL_NOT_FOUND",
  },
  {
    what: "a prompt without messages",
    call: generate({ messages: [] }),
    code: "InvalidArgument",
    reason: "INVALID_PROMPT",
    field: "messages",
  },
  {
    what: "a temperature out of bounds",
    call: generate({ temperature: 2.5 }),
    code: "InvalidArgument",
    reason: "INVALID_PROMPT",
    field: "temperature",
  },
  {
    what: "a temperature that is no number",
    call: generate({ temperature: Number.NaN }),
    code: "InvalidArgument",
    reason: "INVALID_PROMPT",
    field: "temperature",
  },
  {
    what: "a negative number of tokens",
    call: generate({ maxOutputTokens: -5 }),
    code: "InvalidArgument",
    reason: "INVALID_PROMPT",
    field: "max_output_tokens",
  },
  {
    what: "more tokens than the model has",
    call: generate({ maxOutputTokens: 2_000_000_000 }),
    code: "InvalidArgument",
    reason: /^(INVALID_PROMPT|PROMPT_TOO_LONG)$/,
  },
  {
    what: "no texts to embed",
    call: ({ models }) => models.embed({ inputs: [] }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "inputs",
  },
  {
    what: "an empty text to embed",
    call: ({ models }) => models.embed({ inputs: ["a", ""] }),
    code: "InvalidArgument",
    reason: "INVALID_INPUT",
    field: "inputs[1]",
  },
  {
    what: "a key without a name",
    call: ({ keys }) => keys.createKey({ scopes: ["*"] }),
    code: "InvalidArgument",
    reason: "INVALID_KEY_REQUEST",
    field: "name",
  },
  {
    what: "a key that is valid for a moment",
    call: ({ keys }) => keys.createKey({ name: "k", scopes: ["*"], timeToLive: durationFromMs(1) }),
    code: "InvalidArgument",
    reason: "INVALID_KEY_REQUEST",
    field: "time_to_live",
  },
  {
    what: "a key with a negative rate",
    call: ({ keys }) => keys.createKey({ name: "k", scopes: ["*"], requestsPerMinute: -1 }),
    code: "InvalidArgument",
    reason: "INVALID_KEY_REQUEST",
    field: "requests_per_minute",
  },
  {
    what: "a key that does not exist",
    call: ({ keys }) => keys.revokeKey({ keyId: "key_none" }),
    code: "NotFound",
    reason: "KEY_NOT_FOUND",
  },
  {
    what: "a grace of a year",
    call: ({ keys }) => keys.rotateKey({ keyId: "key_none", grace: durationFromMs(366 * 86_400_000) }),
    code: "InvalidArgument",
    reason: "INVALID_KEY_REQUEST",
    field: "grace",
  },
  {
    what: "usage to a time before its start",
    call: ({ usage }) => usage.getUsage({ from: { seconds: 2_000_000_000n }, to: { seconds: 1_000_000_000n } }),
    code: "InvalidArgument",
    reason: "INVALID_REQUEST",
  },
];

async function expectNothingLeft({ agents, sessions }: Person): Promise<void> {
  expect((await agents.listRuns({})).runs).toEqual([]);
  expect((await sessions.listSessions({})).sessions).toEqual([]);
}

describeMesh("bad requests", { topologies: allTopologies }, (mesh) => {
  it.each(refused)("$what: refused, naming what is wrong", async ({ call, code, reason, field }) => {
    const person = await mesh().person();
    const failure = await failureOf(call(person));
    expect(failure.code).toMatch(code === "." ? /./ : code);
    expect(failure.reason).toMatch(reason);
    if (field !== undefined) expect(failure.fields.join(" ")).toContain(field);
    expect(failure.message).not.toMatch(/\.ts\b|node_modules|sqlite| {4}at /i);
    await expectNothingLeft(person);
  });

  it.each([
    ["no key", undefined, "KEY_MISSING"],
    ["a key that is none", "hello", "KEY_INVALID"],
    ["a key that was made up", `am_${"0".repeat(16)}_${"A".repeat(43)}`, "KEY_INVALID"],
  ])("%s: refused before anything else is read", async (_what, secret, reason) => {
    const clients = mesh().as(secret ?? "");
    const call = secret === undefined ? mesh().anonymous().agents.listAgents({}) : clients.agents.listAgents({});
    expect(await failureOf(call)).toMatchObject({ code: "Unauthenticated", reason });
  });
});
