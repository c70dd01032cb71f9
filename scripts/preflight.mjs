// Plain JavaScript that any Node runs: makes sure that the project's own Node 24 and its dependencies are there,
// then hands over to it. Usage: node preflight.mjs [node options] <entry> [arguments]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { serviceOptions } from "./node-options.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const node24 = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

/** The install is current when npm's own record of it is not older than the lockfile and names the same packages. */
function installed() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(node24) || !existsSync(record)) return false;
  if (statSync(record).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs) return true;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(record, "utf8")).packages;
  return Object.keys(wanted).every(
    (path) =>
      path === "" || wanted[path].optional || wanted[path].link || present[path]?.version === wanted[path].version,
  );
}

if (!installed()) {
  process.stderr.write("agentmesh: installing dependencies (once, with npm ci) …\n");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) {
    process.stderr.write(
      "agentmesh: `npm ci` failed. Look at its messages above, mend what they name, and try again.\n",
    );
    process.exit(npm.status ?? 1);
  }
}

// Stripped and compiled sources are kept between starts: a sixth less memory and half the time to be ready. The first
// start would find nothing kept, so starts that only print their help come before it.
const compileCache = process.env.NODE_COMPILE_CACHE ?? join(root, ".cache", "compile");
const warmed = join(compileCache, "warmed");
if (!existsSync(warmed)) {
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  for (const entry of ["services/all-in-one/src/main.ts", "packages/llm-simulator/src/main.ts"]) {
    spawnSync(node24, [...serviceOptions, join(root, entry), "--help"], { stdio: "ignore", env });
  }
  mkdirSync(compileCache, { recursive: true });
  writeFileSync(warmed, "");
}

const child = spawn(node24, [...serviceOptions, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: {
    ...process.env,
    NODE_COMPILE_CACHE: compileCache,
    PATH: `${dirname(node24)}:${join(root, "node_modules", ".bin")}:${process.env.PATH}`,
  },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code ?? 1);
});
