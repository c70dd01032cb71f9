/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream)
 * from pieces of bytes that may end anywhere, inside a character too. Only the data of events is of interest.
 */
export class SseParser {
  private readonly decoder = new TextDecoder();
  private readonly onEvent: (data: string) => void;
  /** The beginning of a line whose end has not come. */
  private rest = "";
  private data: string | undefined;
  private skipLineFeed = false;

  /** @param onEvent called with the data of each complete event, in order */
  constructor(onEvent: (data: string) => void) {
    this.onEvent = onEvent;
  }

  /** Characters kept of an event that is not complete: the reader's measure of a hostile stream. */
  get pending(): number {
    return this.rest.length + (this.data?.length ?? 0);
  }

  /** Takes a piece of the stream. */
  push(chunk: Uint8Array): void {
    this.read(this.decoder.decode(chunk, { stream: true }));
  }

  /** Takes the end of the stream. An event that was not ended by a blank line is not an event, as the standard says. */
  end(): void {
    this.read(this.decoder.decode());
  }

  private read(text: string): void {
    const all = this.rest === "" ? text : this.rest + text;
    // Providers almost never send CR: one search per piece, not one per line.
    const nextEnd = all.includes("\r") ? endOfAnyKind : lineFeedFrom;
    let start = this.skipLineFeed && all.startsWith("\n") ? 1 : 0;
    if (all !== "") this.skipLineFeed = false;
    for (let end = nextEnd(all, start); end !== -1; end = nextEnd(all, start)) {
      this.line(all.slice(start, end));
      start = end + 1;
      if (all.charCodeAt(end) !== CARRIAGE_RETURN) continue;
      if (start === all.length) this.skipLineFeed = true;
      else if (all.charCodeAt(start) === LINE_FEED) start += 1;
    }
    this.rest = start === 0 ? all : all.slice(start);
  }

  private line(line: string): void {
    if (line === "") this.dispatch();
    else if (line.startsWith("data")) this.append(dataOf(line));
  }

  private append(value: string | undefined): void {
    if (value !== undefined) this.data = this.data === undefined ? value : `${this.data}\n${value}`;
  }

  private dispatch(): void {
    const { data } = this;
    this.data = undefined;
    if (data !== undefined) this.onEvent(data);
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

function lineFeedFrom(text: string, from: number): number {
  return text.indexOf("\n", from);
}

// CR, LF, or CR LF.
function endOfAnyKind(text: string, from: number): number {
  for (let position = from; position < text.length; position++) {
    const unit = text.charCodeAt(position);
    if (unit === LINE_FEED || unit === CARRIAGE_RETURN) return position;
  }
  return -1;
}

function dataOf(line: string): string | undefined {
  if (line.length === 4) return "";
  if (line.charAt(4) !== ":") return undefined;
  return line.slice(line.charAt(5) === " " ? 6 : 5);
}
