import { runService } from "@agentmesh/modules";
import { llmRouterModule } from "./module.ts";

await runService(llmRouterModule);
