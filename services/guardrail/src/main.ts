import { runService } from "@agentmesh/modules";
import { guardrailModule } from "./module.ts";

await runService(guardrailModule);
