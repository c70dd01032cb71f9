import { describe, expect, test } from "vitest";
import { parseChatRequest } from "../wire/parse-chat-request.ts";
import { decide } from "./decide.ts";

const tool = (name: string, properties: object, required: string[] = []) => ({
  type: "function",
  function: { name, parameters: { type: "object", properties, required } },
});
const tools = [
  tool("calculator", { expression: { type: "string" } }, ["expression"]),
  tool("clock", { timezone: { type: "string" } }),
  tool("recall", { query: { type: "string" }, limit: { type: "integer" } }, ["query"]),
  tool(
    "get_weather",
    { city: { type: "string" }, unit: { enum: ["celsius", "fahrenheit"] }, days: { type: "integer", minimum: 1 } },
    ["city", "unit"],
  ),
];

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const called = (name: string, args: unknown, result: string, id = "c1") => [
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id, type: "function", function: { name, arguments: JSON.stringify(args) } }],
  },
  { role: "tool", tool_call_id: id, content: result },
];

function ask(messages: object[] | string, extra: object = { tools }) {
  const list = typeof messages === "string" ? [user(messages)] : messages;
  return decide(parseChatRequest({ model: "simulator-small", messages: list, ...extra }));
}
const callsOf = (messages: object[] | string, extra?: object) =>
  ask(messages, extra).calls.map((call) => [call.name, JSON.parse(call.arguments)]);
const textOf = (messages: object[] | string, extra?: object) => ask(messages, extra).text;

describe("with tools the model", () => {
  test("calculates with the calculator and answers with its result, not its own", () => {
    expect(callsOf("what is 17 * 23?")).toEqual([["calculator", { expression: "17 * 23" }]]);
    const turn = [user("what is 17 * 23?"), ...called("calculator", { expression: "17 * 23" }, '{"result": 392}')];
    expect(textOf(turn)).toBe("17 * 23 = 392");
  });

  test("reads results that are plain text, wrapped in tags, or structured", () => {
    for (const result of ["391", '<untrusted source="tool:calculator">\n391\n</untrusted>', '{"value":391}', '"391"']) {
      expect(textOf([user("what is 17 * 23?"), ...called("calculator", { expression: "17 * 23" }, result)])).toBe(
        "17 * 23 = 391",
      );
    }
  });

  test("asks the clock for the time", () => {
    expect(callsOf("What time is it in Europe/Berlin?")).toEqual([["clock", {}]]);
    const result = '{"time":"2026-01-01T10:00:00Z","timezone":"UTC"}';
    expect(textOf([user("what time is it?"), ...called("clock", {}, result)])).toBe(
      "It is 2026-01-01T10:00:00Z (UTC).",
    );
  });

  test("looks up notes, and quotes what fits the question", () => {
    const question = "What do my notes say about deployment?";
    expect(callsOf(question)).toEqual([["recall", { query: question }]]);
    const result = JSON.stringify({
      results: [
        { id: "1", text: "The cat is called Tom." },
        { id: "2", text: "Deployment happens on Tuesdays.", score: 0.8 },
      ],
    });
    expect(textOf([user(question), ...called("recall", { query: question }, result)])).toBe(
      'According to your notes: "Deployment happens on Tuesdays."',
    );
    expect(textOf([user(question), ...called("recall", { query: question }, '{"results":[]}')])).toMatch(
      /found nothing/,
    );
  });

  test("calls everything a request needs at once, or one after the other where parallel calls are off", () => {
    const question = "What time is it, and what is 5*6?";
    expect(callsOf(question).map(([name]) => name)).toEqual(["calculator", "clock"]);
    const one = { tools, parallel_tool_calls: false };
    expect(callsOf(question, one).map(([name]) => name)).toEqual(["calculator"]);
    const afterOne = [user(question), ...called("calculator", { expression: "5*6" }, "30")];
    expect(callsOf(afterOne, one).map(([name]) => name)).toEqual(["clock"]);
    const afterBoth = [...afterOne, ...called("clock", {}, '{"iso":"2026-01-01"}', "c2")];
    expect(textOf(afterBoth, one)).toBe("5*6 = 30 It is 2026-01-01.");
  });

  test("calls a tool the user names, with arguments from its schema", () => {
    expect(callsOf('Use the get_weather tool for the city "Paris" in fahrenheit')).toEqual([
      ["get_weather", { city: "Paris", unit: "fahrenheit" }],
    ]);
    expect(callsOf("call get_weather for Berlin with days=3")).toEqual([
      ["get_weather", { city: "Berlin", unit: "celsius", days: 3 }],
    ]);
  });

  test("does not call tools for small talk or general questions", () => {
    for (const text of [
      "Hello",
      "Who are you?",
      "How do I cook rice?",
      "Tell me a story about a clock",
      "my name is Ada",
    ]) {
      expect(callsOf(text)).toEqual([]);
      expect(textOf(text)).not.toBe("");
    }
  });

  test("follows tool_choice: none, required, or a certain tool; and still ends", () => {
    expect(callsOf("what is 2+2?", { tools, tool_choice: "none" })).toEqual([]);
    expect(callsOf("Hello", { tools, tool_choice: "required" })).toHaveLength(1);
    const certain = { tools, tool_choice: { type: "function", function: { name: "get_weather" } } };
    expect(callsOf("what is 2+2 in Rome", certain)).toEqual([["get_weather", { city: "Rome", unit: "celsius" }]]);
    expect(
      callsOf([user("weather in Rome"), ...called("get_weather", { city: "Rome", unit: "celsius" }, "sunny")], certain),
    ).toEqual([]);
  });

  test("looks only at results of the current turn", () => {
    const history = [user("what is 1+1?"), ...called("calculator", { expression: "1+1" }, "2"), assistant("1+1 = 2")];
    expect(callsOf([...history, user("what is 2+2?")])).toEqual([["calculator", { expression: "2+2" }]]);
  });

  test("corrects a refused call once, then says that it failed", () => {
    const question = user("what is 17 * 23?");
    const refused = called("calculator", { expr: "17 * 23" }, "Error: must have required property 'expression'");
    expect(callsOf([question, ...refused])).toEqual([["calculator", { expression: "17 * 23" }]]);
    const again = called("calculator", { expression: "17 * 23" }, '{"error":{"message":"out of service"}}', "c2");
    expect(ask([question, ...refused, ...again])).toMatchObject({
      calls: [],
      text: "The tool calculator failed: out of service.",
    });
  });

  test("does not repeat a call that a repeat cannot help", () => {
    const turn = [
      user("what is 1 / 0 + 17 * 23?"),
      ...called("calculator", { expression: "17 * 23" }, "Error: out of service"),
    ];
    expect(ask(turn)).toMatchObject({ calls: [], text: "The tool calculator failed: out of service." });
  });

  test("ends within a few steps whatever the tools return", () => {
    for (const result of [
      "",
      "null",
      "Error: expression must be string",
      "{}",
      "[]",
      '{"error":true}',
      "<<<",
      '{"error":"query city unit timezone"}',
    ]) {
      const messages: object[] = [
        user("use get_weather for Oslo, what time is it, what is 2*3, and what do you know about me?"),
      ];
      let steps = 0;
      for (; steps < 10; steps++) {
        const { calls } = ask(messages);
        if (calls.length === 0) break;
        const made = calls.map((call, i) => ({
          id: `s${steps}-${i}`,
          type: "function",
          function: { name: call.name, arguments: call.arguments },
        }));
        messages.push({ role: "assistant", content: null, tool_calls: made });
        messages.push(...made.map(({ id }) => ({ role: "tool", tool_call_id: id, content: result })));
      }
      expect(steps).toBeLessThan(6);
    }
  });
});

describe("without tools the model", () => {
  test("remembers what the user said earlier in the conversation, the latest word first", () => {
    const history = [
      user("Hi, my name is Ada and I live in Paris."),
      assistant("Nice to meet you."),
      user("My favourite colour is green."),
      assistant("Noted."),
    ];
    expect(textOf([...history, user("What is my name?")])).toBe("Your name is Ada.");
    expect(textOf([...history, user("Where do I live?")])).toBe("You live in Paris.");
    expect(textOf([...history, user("what's my favorite color")])).toBe("Your favourite colour is green.");
    expect(
      textOf([...history, user("I moved: I live in Rome now."), assistant("Ok."), user("where do I live?")]),
    ).toContain("Rome");
    expect(textOf([...history, user("What is my shoe size?")], {})).toBe("You have not told me that yet.");
    expect(textOf([...history, user("hello")])).toContain("Hello Ada");
  });

  test("prefers what it was told in the conversation to a look-up", () => {
    const messages = [user("my name is Ada"), assistant("Hello Ada"), user("What is my name?")];
    expect(ask(messages, { tools })).toMatchObject({ calls: [], text: "Your name is Ada." });
  });

  test("quotes retrieved text, wherever the prompt puts it", () => {
    const question = "How long do refunds take?";
    const text = "Shipping is free.\nRefunds take 14 days.\nWe love cats.";
    const shapes = [
      [{ role: "system", content: "Be brief." }, { role: "system", content: text }, user(question)],
      [user(`<retrieved source="faq">${text}</retrieved>\n${question}`)],
      [{ role: "system", content: `Answer from the context.\n\nContext:\n${text}` }, user(question)],
      [user(`Context:\n${text}\n\nQuestion: ${question}`)],
    ];
    for (const messages of shapes) expect(textOf(messages, {})).toBe('According to the text: "Refunds take 14 days."');
  });

  test("does not take its own instructions for knowledge", () => {
    const messages = [
      { role: "system", content: "You are an assistant for refunds. Refunds are none of your business." },
      user("How long do refunds take?"),
    ];
    expect(textOf(messages, {})).toContain('You asked: "How long do refunds take?"');
  });

  test("summarises the given text by sentences of it", () => {
    const text = "The mesh has seven services. Cats are nice. Each service of the mesh owns its data.";
    expect(textOf(`Please summarise: ${text}`, {})).toBe(
      "Summary: The mesh has seven services. Each service of the mesh owns its data.",
    );
  });

  test("computes simple sums itself and goes on from its last answer", () => {
    expect(textOf("what is 17 * 23?", {})).toBe("17 * 23 = 391");
    expect(textOf([user("what is 17 * 23?"), assistant("17 * 23 = 391"), user("add 9 to that")], {})).toBe(
      "391 + 9 = 400",
    );
  });

  test("reflects the request where it has nothing better to say", () => {
    expect(textOf("How do I cook rice?", {})).toMatch(/^You asked: "How do I cook rice\?" I am a simulator/);
  });

  test("answers in JSON that fits the schema when asked to", () => {
    expect(JSON.parse(textOf("what is 2+3", { response_format: { type: "json_object" } }))).toEqual({
      answer: "2+3 = 5",
    });
    const schema = {
      type: "object",
      properties: {
        value: { type: "number" },
        label: { enum: ["sum", "other"] },
        steps: { type: "array", items: { type: "string" } },
      },
    };
    const format = { type: "json_schema", json_schema: { name: "x", schema } };
    expect(JSON.parse(textOf("what is 2+3", { response_format: format }))).toEqual({
      value: 5,
      label: "sum",
      steps: ["2+3 = 5"],
    });
  });

  test("gives the same answer to the same request", () => {
    expect(textOf("tell me something", {})).toBe(textOf("tell me something", {}));
  });
});

describe("hostile texts", () => {
  test.each([
    ["brackets", "(".repeat(200_000)],
    ["open tags", "<note>".repeat(40_000)],
    ["line breaks", `context:${"\n".repeat(200_000)}x`],
    ["spaces", `1${" ".repeat(200_000)}x`],
    ["digits", "1".repeat(200_000)],
    ["signs", "1+".repeat(100_000)],
    ["dots", `${".".repeat(200_000)}x`],
    ["quotes", '"'.repeat(200_000)],
    ["fences", "```script".repeat(20_000)],
    ["commas", "my a, ".repeat(40_000)],
    ["summary", `summarise: ${"a b. ".repeat(50_000)}`],
  ])("of %s are answered in well under a second", (_name, text) => {
    const start = process.cpuUsage();
    ask(text);
    const used = process.cpuUsage(start);
    expect((used.user + used.system) / 1000).toBeLessThan(500);
  });
});
