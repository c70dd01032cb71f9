import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { errors } from "./errors.ts";
import { openDatabase } from "./open.ts";
import { temporaryDirectory } from "./testing.ts";

const appender = fileURLToPath(new URL("./append-forever.fixture.ts", import.meta.url));
const migrations = ["CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT"];
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

function temporaryFile(): string {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  return join(folder.path, "data", "entries.db");
}

function open(file: string, list: readonly string[] = migrations) {
  return openDatabase({ file, synchronous: "full", migrations: list });
}

function startAppender(file: string, ...flags: string[]): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [appender, file, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  cleanups.push(() => child.kill("SIGKILL"));
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

describe("openDatabase", () => {
  it("creates folder and file for the owner alone", async () => {
    const file = temporaryFile();
    const database = open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
    await database.close();
  });

  it("keeps what was stored for the next opener", async () => {
    const file = temporaryFile();
    const first = open(file);
    await first.run("INSERT INTO entry VALUES (1, 'kept')");
    await first.close();
    const second = open(file);
    expect(await second.read((sql) => sql.get("SELECT body FROM entry"))).toEqual({ body: "kept" });
    await second.close();
  });

  it("runs each migration once and undoes one that fails", async () => {
    const file = temporaryFile();
    await open(file).close();
    const broken = [...migrations, "CREATE TABLE other (id INTEGER); INSERT INTO nowhere VALUES (1)"];
    expect(() => open(file, broken)).toThrow("nowhere");
    const fixed = [...migrations, "CREATE TABLE other (id INTEGER)", "CREATE TABLE third (id INTEGER)"];
    const database = open(file, fixed);
    const tables = await database.read((sql) => sql.all<{ name: string }>("SELECT name FROM sqlite_schema"));
    expect(tables.map(({ name }) => name)).toEqual(["entry", "other", "third"]);
    await database.close();
  });

  it("refuses a file written by a newer version", async () => {
    const file = temporaryFile();
    await open(file).close();
    expect(() => open(file, [])).toThrow(/version 1, this code knows 0/);
    await open(file).close();
  });

  it("says that a file is no database", () => {
    const file = temporaryFile();
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "This is a letter, long enough to be mistaken for nothing else. ".repeat(100));
    expect(() => open(file)).toThrow(expect.toSatisfy(errors.DATA_DAMAGED.is));
  });

  it("says which folder it cannot use", () => {
    const file = temporaryFile();
    writeFileSync(join(file, "..", "..", "data"), "a file where the folder should be");
    expect(() => open(file)).toThrow(/entries\.db cannot be opened for writing .*AGENTMESH_DATA_DIR/);
  });

  it("refuses a second owner at once and names the file, in this process and in another", async () => {
    const file = temporaryFile();
    const { child, lines } = startAppender(file, "idle");
    expect((await lines.next()).value).toBe("open");
    const started = performance.now();
    expect(() => open(file)).toThrow(expect.toSatisfy(errors.DATA_FOLDER_IN_USE.is));
    expect(() => open(file)).toThrow(file);
    expect(performance.now() - started).toBeLessThan(1_000);
    child.kill("SIGKILL");
    await once(child, "exit");
    const database = open(file);
    expect(() => open(file)).toThrow(expect.toSatisfy(errors.DATA_FOLDER_IN_USE.is));
    await database.close();
  });
});

describe("a killed process", () => {
  it("loses nothing that it was told is stored", async () => {
    const file = temporaryFile();
    for (let round = 0; round < 3; round++) {
      const { child, lines } = startAppender(`${file}.${round}`);
      const told: number[] = [];
      for (let line = await lines.next(); !line.done; line = await lines.next()) {
        if (line.value !== "open") told.push(Number(line.value));
        if (told.length === 200 + round * 70) child.kill("SIGKILL");
      }
      const survivor = new DatabaseSync(`${file}.${round}`);
      const stored = new Set(
        survivor
          .prepare("SELECT id FROM entry")
          .all()
          .map(({ id }) => id),
      );
      survivor.close();
      expect(told.length).toBeGreaterThanOrEqual(200);
      expect(told.filter((id) => !stored.has(id))).toEqual([]);
    }
  });
});

describe("a disk that refuses to write", () => {
  it("rejects with a typed error and stays usable for reading", () => {
    const file = temporaryFile();
    // The system's limit on file sizes stands in for a broken disk: a write beyond it fails.
    const script = `
      const { openDatabase } = await import(${JSON.stringify(new URL("./index.ts", import.meta.url).href)});
      const database = openDatabase({ file: ${JSON.stringify(file)}, synchronous: "full", migrations: ${JSON.stringify(migrations)} });
      let stored = 0, failed = "";
      while (failed === "") await database.run("INSERT INTO entry VALUES (?, ?)", stored, "x".repeat(50_000))
        .then(() => { stored++; }, (error) => { failed = error.reason; });
      const { count } = await database.read((sql) => sql.get("SELECT count(*) AS count FROM entry"));
      process.stdout.write(JSON.stringify({ stored, failed, count }));
      process.exit(0);`;
    const command = 'trap "" XFSZ; ulimit -f 2000; exec "$0" --input-type=module -e "$1"';
    const output = execFileSync("sh", ["-c", command, process.execPath, script], { encoding: "utf8" });
    const { stored, failed, count } = JSON.parse(output);
    expect(["STORAGE_FULL", "STORAGE_FAILED"]).toContain(failed);
    expect(stored).toBeGreaterThan(0);
    expect(count).toBe(stored);
  });
});
