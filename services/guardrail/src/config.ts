import { defineSettings, text } from "@agentmesh/config";

/** The settings of guardrail. */
export const settings = defineSettings("guardrail", {
  policyFolder: text({
    env: "AGENTMESH_GUARDRAIL_POLICY_FOLDER",
    default: "none",
    help: 'Folder of further policies, one YAML file each; a policy with the name of a bundled one replaces it. "none": only the bundled ones.',
  }),
});
