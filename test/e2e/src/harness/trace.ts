import type { ReceivedSpan } from "@agentmesh/telemetry/testing";

/** The spans of one trace. Names are compared by a part of them. */
export class Trace {
  readonly spans: readonly ReceivedSpan[];
  readonly #byId: ReadonlyMap<string, ReceivedSpan>;

  constructor(spans: readonly ReceivedSpan[]) {
    this.spans = spans;
    this.#byId = new Map(spans.map((span) => [span.spanId, span]));
  }

  /** The only span of that name and kind. */
  one(name: string, kind: number): ReceivedSpan {
    const [found, ...more] = this.spans.filter((span) => span.name.includes(name) && span.kind === kind);
    if (found === undefined || more.length > 0) throw new Error(`${more.length + 1} spans ${name} in\n${this}`);
    return found;
  }

  parentOf({ parentSpanId }: ReceivedSpan): ReceivedSpan | undefined {
    return this.#byId.get(parentSpanId);
  }

  /** Spans whose parent is not in the trace, the root left out. */
  orphans(): string[] {
    const lost = this.spans.filter((span) => span.parentSpanId !== "" && this.parentOf(span) === undefined);
    return lost.map(({ name }) => name);
  }

  /** Fails unless some span of the last name has ancestors of the other names, in this order from the root. */
  expectPath(...names: readonly string[]): void {
    const last = names.at(-1) ?? "";
    const candidates = this.spans.filter(({ name }) => name.includes(last));
    if (candidates.some((span) => this.#hasAncestors(span, names.slice(0, -1)))) return;
    throw new Error(`no ${names.join(" > ")} in\n${this}`);
  }

  #hasAncestors(span: ReceivedSpan, names: readonly string[]): boolean {
    let left = names.length - 1;
    for (let at = this.parentOf(span); at !== undefined && left >= 0; at = this.parentOf(at)) {
      if (at.name.includes(names[left] ?? "")) left -= 1;
    }
    return left < 0;
  }

  toString(): string {
    const lines: string[] = [];
    const add = (span: ReceivedSpan, depth: number) => {
      lines.push(`${"  ".repeat(depth)}${span.name} (${span.kind}, ${span.attributes["agentmesh.module"]})`);
      for (const child of this.spans) if (child.parentSpanId === span.spanId) add(child, depth + 1);
    };
    for (const span of this.spans) if (this.parentOf(span) === undefined) add(span, 0);
    return lines.join("\n");
  }
}
