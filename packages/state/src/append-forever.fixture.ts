/** A process for the tests: appends to a file until it is killed and says which entries it was told are stored. */
import { openDatabase } from "./open.ts";

const [file = ""] = process.argv.slice(2);
const migrations = ["CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT"];
const database = openDatabase({ file, synchronous: "normal", migrations });
process.stdout.write("open\n");

async function append(lane: number): Promise<never> {
  for (let count = 0; ; count++) {
    const id = count * 100 + lane;
    await database.write((sql) => sql.run("INSERT INTO entry VALUES (?, ?)", id, "x".repeat(500)));
    process.stdout.write(`${id}\n`);
  }
}

if (process.argv[3] !== "idle") await Promise.all([0, 1, 2, 3].map(append));
else setInterval(() => undefined, 60_000);
