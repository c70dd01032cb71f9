import { watch } from "node:fs";
import type { Telemetry } from "@agentmesh/telemetry";
import type { Policy } from "../../domain/policy.ts";
import { policyReloadsMetric } from "../../metrics.ts";
import { loadPolicies } from "./policy-files.ts";

/** A change is read so long after it was seen, so that half-written files are rare; in milliseconds. */
const SETTLED = 100;
/** However often files change, they are read at least so far apart. */
const LEAST_PAUSE = 500;
const LONGEST_MESSAGE = 4096;

/** Whoever uses the policies. */
export interface PolicyUser {
  replacePolicies(policies: readonly Policy[]): void;
}

/**
 * Reads a folder of policies again when something in it changes. Only a folder that is valid as a whole replaces what
 * is in force; otherwise the old policies stay and the log says what is wrong.
 */
export function watchPolicies(folder: string, user: PolicyUser, { logger, metrics }: Telemetry): { close(): void } {
  const reloads = metrics.counter(policyReloadsMetric);
  let timer: NodeJS.Timeout | undefined;
  let earliest = 0;
  let closed = false;
  const reload = async () => {
    timer = undefined;
    earliest = performance.now() + LEAST_PAUSE;
    try {
      const policies = await loadPolicies(folder);
      if (closed) return;
      user.replacePolicies(policies);
      reloads.add(1, { outcome: "applied" });
      logger.info("Guardrail policies were read again.", { policies: policies.length });
    } catch (error) {
      reloads.add(1, { outcome: "refused" });
      const problem = error instanceof Error ? error.message.slice(0, LONGEST_MESSAGE) : "unknown error";
      logger.error("Changed guardrail policies are not valid; the old ones stay in force.", { problem });
    }
  };
  const changed = () => {
    // Further changes until then are read with the first; endless ones do not put it off.
    timer ??= setTimeout(() => void reload(), Math.max(SETTLED, earliest - performance.now()));
    timer.unref();
  };
  const watcher = watch(folder, { recursive: true, persistent: false }, changed);
  watcher.on("error", () => logger.error("The folder of guardrail policies is not watched any more."));
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      watcher.close();
    },
  };
}
