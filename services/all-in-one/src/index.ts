/** The seven modules in one process; tests start it in their own process on free ports. */
export { allModules } from "./all-modules.ts";
export { type MeshOptions, type RunningMesh, startMesh } from "./start-mesh.ts";
