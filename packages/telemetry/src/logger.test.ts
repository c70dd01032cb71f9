import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createTelemetry, events, NO_SPAN, type Span } from "./index.ts";

const span: Span = { ...NO_SPAN, traceId: "a".repeat(32), spanId: "b".repeat(16), recording: true };

async function open(level: "debug" | "info" | "warn" = "info") {
  const lines: Record<string, unknown>[] = [];
  const telemetry = await createTelemetry({
    service: "agentmesh",
    level,
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  return { telemetry, lines };
}

describe("the log", () => {
  test("writes an event with its name, fields, module and the span's trace", async () => {
    const { telemetry, lines } = await open();
    telemetry
      .forModule("tool-registry")
      .logger.event(events.toolCall, { tool_name: "clock", status: "ok", duration_ms: 3 }, span);

    expect(lines).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        service: "tool-registry",
        event: "tool_call",
        trace_id: span.traceId,
        span_id: span.spanId,
        tool_name: "clock",
        status: "ok",
        duration_ms: 3,
        message: "Tool called.",
      },
    ]);
  });

  test("has no trace fields where nothing is traced", async () => {
    const { telemetry, lines } = await open();
    telemetry.logger.info("hello", {}, NO_SPAN);
    expect(Object.keys(lines[0]!)).toEqual(["level", "time", "service", "message"]);
  });

  test("writes nothing below its level", async () => {
    const { telemetry, lines } = await open("warn");
    telemetry.logger.info("no");
    telemetry.logger.event(events.toolCall, { tool_name: "x", status: "ok", duration_ms: 1 });
    expect(telemetry.logger.enabled("info")).toBe(false);
    telemetry.logger.warn("yes");
    expect(lines.map((line) => line.message)).toEqual(["yes"]);
  });

  test("shows neither secrets nor content, at any depth, by name or by shape", async () => {
    const { telemetry, lines } = await open();
    telemetry.logger.error("provider said: bearer abc.def-123456 is wrong", {
      apiKey: "plain-1",
      headers: { Authorization: "plain-2", "x-api-key": "plain-3", accept: "json" },
      list: [{ password: "plain-4" }],
      note: "used sk-proj-plain5plain5",
      url: "redis://user:plain-6@host:6379/0",
      prompt: "plain-7",
      cause: new Error("refused Bearer plain-8plain-8"),
      access_token: "plain-9",
    });
    const written = JSON.stringify(lines);
    expect(written).not.toMatch(/plain|abc\.def/);
    expect(written).toContain('"accept":"json"');
  });

  test("keeps what only sounds like a secret: token counts, key ids, reasons", async () => {
    const { telemetry, lines } = await open();
    const fields = {
      input_tokens: 3,
      token_type: "input",
      key_id: "k1",
      reason: "KEY_EXPIRED",
      fencing_token: "7",
      session_id: "s",
    };
    telemetry.logger.info("x", fields);
    expect(lines[0]).toMatchObject(fields);
  });

  test("writes an error as type and message, without its stack", async () => {
    const { telemetry, lines } = await open();
    telemetry.logger.error("failed", { err: new TypeError("no such thing"), cause: new RangeError("deep") });
    expect(lines[0]).toMatchObject({
      err: { type: "TypeError", message: "no such thing" },
      cause: { type: "RangeError", message: "deep" },
    });
    expect(JSON.stringify(lines)).not.toContain("logger.test.ts");
  });

  test("survives fields that refer to themselves", async () => {
    const { telemetry, lines } = await open();
    const loop: Record<string, unknown> = { name: "a", apiKey: "plain" };
    loop.self = loop;
    telemetry.logger.info("x", { loop });
    expect(lines).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain("plain");
  });

  test("collects lines and has written all of them after shutdown", async () => {
    const folder = await mkdtemp(join(tmpdir(), "telemetry-"));
    const file = join(folder, "logs", "a.log");
    const telemetry = await createTelemetry({ service: "cost", level: "info", destination: file });
    for (let i = 0; i < 5_000; i++) telemetry.logger.info("line", { i });
    await telemetry.shutdown();
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(5_000);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ i: 4_999, service: "cost" });
    await rm(folder, { recursive: true });
  });

  test("has the last lines of a process that exits without a word", async () => {
    const index = new URL("./index.ts", import.meta.url).href;
    const script = `
      const { createTelemetry } = await import(${JSON.stringify(index)});
      const { logger } = await createTelemetry({ service: "cost", level: "info" });
      for (let i = 0; i < 300; i++) logger.info("line", { i });
      process.exit(3);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    expect(code).toBe(3);
    expect(output.trimEnd().split("\n")).toHaveLength(300);
  });

  test("outlives a destination that cannot be written", async () => {
    const telemetry = await createTelemetry({ service: "cost", level: "info", destination: "/dev/full" });
    for (let i = 0; i < 1_000; i++) telemetry.logger.info("line that fills the disk", { i });
    await telemetry.shutdown();
    telemetry.logger.info("still running");
  });
});
