import { runProcess } from "@agentmesh/modules";
import { allModules } from "./all-modules.ts";
import { readyText } from "./ready-text.ts";
import { startMesh } from "./start-mesh.ts";

await runProcess({
  name: "agentmesh",
  purpose: "all seven services in one process, on SQLite, for laptops, tests and small installations.",
  modules: allModules,
  start: (environment) => startMesh({ environment }),
  ready: (running) => process.stdout.write(readyText(running)),
});
