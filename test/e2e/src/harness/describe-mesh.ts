import { LimitScope } from "@agentmesh/contracts/cost/v1/cost";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { eventually } from "./eventually.ts";
import { openMesh, type TestMesh } from "./test-mesh.ts";
import { topologies as bothTopologies, type Topology } from "./topologies.ts";

/** What the scenarios of a file need. */
export interface MeshScenarios {
  readonly topologies?: readonly Topology[];
  /** Further variables of the mesh's environment. */
  readonly settings?: Record<string, string>;
  /** Waits before the mesh starts; its settings join the others. */
  readonly prepare?: () => Promise<Record<string, string>>;
}

/**
 * The scenarios in every topology, with one mesh each. When they are over, whatever they did, three things must hold: no
 * call failed by a fault of ours, no money stayed reserved, and no secret was logged.
 */
export function describeMesh(
  title: string,
  { topologies = bothTopologies, settings = {}, prepare = async () => ({}) }: MeshScenarios,
  scenarios: (mesh: () => TestMesh, topology: Topology) => void,
): void {
  describe.each(topologies)(`${title}: $name`, (topology) => {
    let mesh: TestMesh | undefined;
    beforeAll(async () => {
      mesh = await openMesh(topology, { ...settings, ...(await prepare()) });
    });
    afterAll(async () => {
      if (mesh === undefined) return;
      try {
        await nothingHeld(mesh);
        expectCleanLog(mesh);
      } finally {
        await mesh.close();
      }
    });
    scenarios(() => {
      if (mesh === undefined) throw new Error("the mesh did not start");
      return mesh;
    }, topology);
  });
}

/** Every hold was settled or released. */
async function nothingHeld({ admin }: TestMesh): Promise<void> {
  const held = async () => {
    const { limits } = await admin.usage.listLimits({});
    return limits.find(({ scope }) => scope === LimitScope.TENANT_MONTH)?.held?.nanoUsd ?? 0n;
  };
  await eventually(held, (amount) => amount === 0n);
}

function expectCleanLog(mesh: TestMesh): void {
  const text = mesh.logText();
  const lines = text.split("\n").filter((line) => line !== "");
  const faults = lines.filter((line) => /"level":"(?:error|fatal)"/.test(line));
  expect(faults.slice(0, 5)).toEqual([]);
  expect(text).not.toContain(mesh.admin.secret);
}
