import { defineSettings, secret, text } from "@agentmesh/config";

/** The settings of guardrail. */
export const settings = defineSettings("guardrail", {
  policyFolder: text({
    env: "AGENTMESH_GUARDRAIL_POLICY_FOLDER",
    default: "none",
    help: 'Folder of further policies, one YAML file each; a policy with the name of a bundled one replaces it. "none": only the bundled ones.',
  }),
  hashKey: secret({
    env: "AGENTMESH_GUARDRAIL_HASH_KEY",
    help: "Secret for hashes of personal data (action: hash), at least 16 characters; the same on all instances. Unset: a key made at the first start, in the data folder.",
  }),
});
