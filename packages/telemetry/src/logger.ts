import { type Logger as PinoLogger, pino } from "pino";
import { LineWriter } from "./line-writer.ts";
import type { EventDefinition, EventFields, FieldKinds, LogLevel } from "./log-event.ts";
import { redact, redactText } from "./redact.ts";
import type { Span } from "./span.ts";

/** Free fields of a log line. Secrets and content are hidden by name and shape. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes JSON lines with `time`, `level`, `service`, and the span's `trace_id` and `span_id`. */
export interface Logger {
  /** Writes one event of the catalogue (`events` in `names.ts`, or a service's own). */
  event<F extends FieldKinds>(event: EventDefinition<F>, fields: EventFields<F>, span?: Span): void;
  trace(message: string, fields?: LogFields, span?: Span): void;
  debug(message: string, fields?: LogFields, span?: Span): void;
  info(message: string, fields?: LogFields, span?: Span): void;
  warn(message: string, fields?: LogFields, span?: Span): void;
  /** An Error in a field is written as its type and redacted message, without stack. */
  error(message: string, fields?: LogFields, span?: Span): void;
  /** Whether lines of this level are written: ask before computing costly fields. */
  enabled(level: LogLevel): boolean;
}

/** The process's log: loggers per service over one destination. */
export interface LogSink {
  forService(service: string): Logger;
  /** Resolves when everything written so far has left the process. */
  flush(): Promise<void>;
  /** Flushes and lets go of the file; later lines are lost. */
  close(): Promise<void>;
}

/** Where lines go: a file, or anything with `write`; standard output when left out. */
export type LogDestination = string | { write(line: string): void };

/**
 * Opens the log. Lines are collected and written in blocks, at the latest after a quarter of a second and when the
 * process exits, so that a line costs no system call of its own.
 */
export function openLog({
  level,
  destination,
}: {
  level: LogLevel | "silent";
  destination?: LogDestination | undefined;
}): LogSink {
  const writer = typeof destination === "object" ? undefined : new LineWriter(destination ?? 1);
  const root = pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      messageKey: "message",
      // Errors were already made safe by redact(); pino's own serializer would add the stack.
      serializers: { err: (value) => value },
      formatters: { level: (label) => ({ level: label }) },
    },
    writer ?? (destination as { write(line: string): void }),
  );
  return {
    forService: (service) => new PinoBackedLogger(root.child({ service })),
    flush: async () => writer?.flush(),
    close: async () => writer?.close(),
  };
}

let timeAt = 0;
let timeText = "";

// Many lines fall into one millisecond; writing the date is a third of a line's cost.
function isoTime(): string {
  const now = Date.now();
  if (now !== timeAt) {
    timeAt = now;
    timeText = `,"time":"${new Date(now).toISOString()}"`;
  }
  return timeText;
}

type Line = Record<string, unknown>;

class PinoBackedLogger implements Logger {
  private readonly pino: PinoLogger;

  constructor(logger: PinoLogger) {
    this.pino = logger;
  }

  event<F extends FieldKinds>(event: EventDefinition<F>, fields: EventFields<F>, span?: Span): void {
    if (!this.pino.isLevelEnabled(event.level)) return;
    this.pino[event.level](lineOf(event.name, fields as LogFields, span), event.message);
  }

  trace(message: string, fields?: LogFields, span?: Span): void {
    this.write("trace", message, fields, span);
  }

  debug(message: string, fields?: LogFields, span?: Span): void {
    this.write("debug", message, fields, span);
  }

  info(message: string, fields?: LogFields, span?: Span): void {
    this.write("info", message, fields, span);
  }

  warn(message: string, fields?: LogFields, span?: Span): void {
    this.write("warn", message, fields, span);
  }

  error(message: string, fields?: LogFields, span?: Span): void {
    this.write("error", message, fields, span);
  }

  enabled(level: LogLevel): boolean {
    return this.pino.isLevelEnabled(level);
  }

  private write(level: LogLevel, message: string, fields: LogFields | undefined, span: Span | undefined): void {
    if (!this.pino.isLevelEnabled(level)) return;
    this.pino[level](lineOf(undefined, fields, span), redactText(message));
  }
}

function lineOf(event: string | undefined, fields: LogFields | undefined, span: Span | undefined): Line {
  const line: Line = {};
  if (event !== undefined) line.event = event;
  if (span !== undefined && span.traceId !== "") {
    line.trace_id = span.traceId;
    line.span_id = span.spanId;
  }
  if (fields !== undefined) Object.assign(line, redact(fields));
  return line;
}
