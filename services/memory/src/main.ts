import { runService } from "@agentmesh/modules";
import { memoryModule } from "./module.ts";

await runService(memoryModule);
