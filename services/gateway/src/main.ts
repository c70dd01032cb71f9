import { runService } from "@agentmesh/modules";
import { gatewayModule } from "./module.ts";

await runService(gatewayModule);
