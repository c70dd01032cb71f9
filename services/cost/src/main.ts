import { runService } from "@agentmesh/modules";
import { costModule } from "./module.ts";

await runService(costModule);
