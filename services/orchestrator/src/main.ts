import { runService } from "@agentmesh/modules";
import { orchestratorModule } from "./module.ts";

await runService(orchestratorModule);
