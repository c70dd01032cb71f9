import { closeSync, mkdirSync, openSync, write, writeSync } from "node:fs";
import { dirname } from "node:path";

// A line costs a string concatenation; the system call is shared by a block of them.
const BLOCK_CHARACTERS = 16 * 1024;
const FLUSH_AFTER_MS = 250;
const RETRY_AFTER_MS = 20;
// When the reader of the log is slower than we write, further lines are dropped instead of filling the memory.
const MAX_PENDING_CHARACTERS = 16 * 1024 * 1024;
const FLUSH_TIMEOUT_MS = 2_000;

// The last lines before a crash are the ones that explain it: they are written when the process exits.
const open = new Set<LineWriter>();

function writeAllOnExit(): void {
  for (const writer of open) writer.writeRest();
}

/**
 * Collects lines and writes them in blocks: when 16 KB are waiting, after a quarter of a second, at `flush`, and when
 * the process exits. A destination that cannot be written (full disk, reader gone) loses lines and nothing else.
 */
export class LineWriter {
  private readonly descriptor: number;
  private pending = "";
  private writing = false;
  private timer: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  /** Takes a file to append to (folders are made), or a descriptor such as 1 for standard output. */
  constructor(destination: string | number) {
    this.descriptor = typeof destination === "number" ? destination : openFile(destination);
    if (open.size === 0) process.once("exit", writeAllOnExit);
    open.add(this);
  }

  /** Takes a line with its line break; never waits, never throws. */
  write(line: string): void {
    if (this.pending.length > MAX_PENDING_CHARACTERS || !open.has(this)) return;
    this.pending += line;
    if (this.pending.length >= BLOCK_CHARACTERS) this.writeBlock();
    else this.timer ??= setTimeout(() => this.writeBlock(), FLUSH_AFTER_MS).unref();
  }

  /** Resolves when all lines taken so far are written or lost; gives up after two seconds. */
  flush(): Promise<void> {
    this.writeBlock();
    if (!this.writing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FLUSH_TIMEOUT_MS);
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Flushes and closes the file; later lines are lost. Standard output belongs to the process and stays open. */
  async close(): Promise<void> {
    await this.flush();
    if (this.descriptor <= 2 || !open.delete(this)) return;
    if (open.size === 0) process.off("exit", writeAllOnExit);
    if (!this.writing) closeSync(this.descriptor);
  }

  /** Writes what is waiting at once, for the exit of the process. */
  writeRest(): void {
    try {
      for (let rest = Buffer.from(this.pending); rest.length > 0; )
        rest = rest.subarray(writeSync(this.descriptor, rest));
    } catch {
      // Nobody is left to tell.
    }
    this.pending = "";
  }

  private writeBlock(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing || this.pending === "") return;
    const block = Buffer.from(this.pending);
    this.pending = "";
    this.writing = true;
    this.writePart(block);
  }

  private writePart(block: Buffer): void {
    write(this.descriptor, block, (error, written) => {
      if (error?.code === "EAGAIN" || error?.code === "EBUSY") setTimeout(() => this.writePart(block), RETRY_AFTER_MS);
      else if (!error && written < block.length) this.writePart(block.subarray(written));
      else this.blockWritten();
    });
  }

  private blockWritten(): void {
    this.writing = false;
    // Someone waits for the rest: write it now, however little it is.
    if (this.waiting.length > 0 || this.pending.length >= BLOCK_CHARACTERS) this.writeBlock();
    if (this.writing) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

function openFile(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, "a");
}
