import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SseParser } from "./sse-parser.ts";

function parse(pieces: readonly Uint8Array[]): string[] {
  const events: string[] = [];
  const parser = new SseParser((data) => events.push(data));
  for (const piece of pieces) parser.push(piece);
  parser.end();
  return events;
}
const parseText = (text: string) => parse([Buffer.from(text)]);

function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("server-sent events", () => {
  it.each([
    ["LF", "data: a\n\ndata: b\n\n"],
    ["CR LF", "data: a\r\n\r\ndata: b\r\n\r\n"],
    ["CR", "data: a\r\rdata: b\r\r"],
    ["no space after the colon", "data:a\n\ndata:b\n\n"],
    ["comments and other fields", ": keep-alive\n\nevent: x\nid: 1\nretry: 5\ndata: a\n\n:\n\ndatum: c\ndata: b\n\n"],
    ["a byte order mark", "\uFEFFdata: a\n\ndata: b\n\n"],
  ])("are read with %s", (_, text) => {
    expect(parseText(text)).toEqual(["a", "b"]);
  });

  it("join their data lines, keep further spaces, and may be empty", () => {
    expect(parseText("data: a\ndata:  b\ndata\ndata:\n\ndata\n\n")).toEqual(["a\n b\n\n", ""]);
  });

  it("that the end of the stream cut off do not count", () => {
    expect(parseText("data: a\n\ndata: b\n")).toEqual(["a"]);
  });

  it("are the same wherever the bytes are cut, inside characters too", () => {
    const line = fc.constantFrom("data: ä€😀", "data: {}", "data: x", ": 😀", "", "", "event: y", "data");
    const stream = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r")), { maxLength: 30 });
    fc.assert(
      fc.property(stream, fc.array(fc.nat(1_000), { maxLength: 40 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.flat().join(""));
        expect(parse(cutAt(bytes, cuts))).toEqual(parse([bytes]));
      }),
      { numRuns: 300 },
    );
  });

  it("that never end are noticed by what is kept of them", () => {
    const parser = new SseParser(() => {});
    for (let count = 0; count < 10; count++) parser.push(Buffer.from("data: xxxx"));
    expect(parser.pending).toBe(100);
  });
});
