/** A service alone, as its main.ts would run it. With TEST_FAULT it meets a fault that nobody catches. */
import { type Probe, testCostModule } from "./mesh.fixture.ts";
import { runService } from "./run-process.ts";

const probe: Probe = { events: [], answer: () => new Promise(() => undefined) };
await runService(testCostModule(probe));
if (process.env.TEST_FAULT !== undefined) {
  setImmediate(() => {
    throw new Error(process.env.TEST_FAULT);
  });
}
