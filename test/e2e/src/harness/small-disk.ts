/** A disk that can be filled and freed, for real: a file system in memory. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const megabytes = 12;

/** How to get one: mounted by root, or in a namespace of the process that uses it. */
type Way = "mount" | "namespace";

const waysToTry: Readonly<Record<Way, readonly string[]>> = {
  mount: ["sh", "-c", 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"'],
  namespace: ["unshare", "-rm", "sh", "-c", 'd=$(mktemp -d) && mount -t tmpfs tmpfs "$d" && umount "$d" && rmdir "$d"'],
};

/** The way that works on this machine; undefined where nobody may mount anything. */
export const way: Way | undefined = (["mount", "namespace"] as const).find((candidate) => {
  const [command = "", ...args] = waysToTry[candidate];
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
});

/** A small disk below a folder. */
export class SmallDisk {
  readonly path: string;
  /** Runs a command that sees the disk. */
  readonly wrapper: readonly string[];
  /** The process that sees it, once it runs: needed in a namespace. */
  pid = 0;

  constructor(folder: string) {
    this.path = join(folder, "disk");
    mkdirSync(this.path);
    const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs ${this.path}`;
    this.wrapper = way === "namespace" ? ["unshare", "-rm", "sh", "-c", `${mount} && exec "$@"`, "sh"] : [];
    if (way === "mount") spawnSync("sh", ["-c", mount]);
  }

  /** The administrator's key in a data folder on the disk. */
  adminKey(dataDirectory: string): string {
    return readFileSync(join(this.#seen(), relative(this.path, dataDirectory), "admin-key"), "utf8").trim();
  }

  /** Takes all the room that is left. */
  fill(): void {
    const { bavail, bsize } = statfsSync(this.#seen());
    writeFileSync(this.#ballast(), Buffer.alloc(bavail * bsize));
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#ballast());
  }

  remove(): void {
    if (way === "mount" && existsSync(this.path)) spawnSync("umount", [this.path]);
  }

  #seen(): string {
    return way === "namespace" ? `/proc/${this.pid}/root${this.path}` : this.path;
  }

  #ballast(): string {
    return join(this.#seen(), "ballast");
  }
}
