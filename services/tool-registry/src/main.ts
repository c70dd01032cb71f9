import { runService } from "@agentmesh/modules";
import { toolRegistryModule } from "./module.ts";

await runService(toolRegistryModule);
