import type { Policy } from "./policy.ts";

/** The policies in force, found by tenant and name. Never changed: a reload makes a new one. */
export class PolicySet {
  readonly #shared = new Map<string, Policy>();
  readonly #byTenant = new Map<string, Map<string, Policy>>();

  constructor(policies: readonly Policy[]) {
    for (const policy of policies) {
      if (policy.tenant === undefined) {
        this.#shared.set(policy.name, policy);
        continue;
      }
      const own = this.#byTenant.get(policy.tenant) ?? new Map<string, Policy>();
      this.#byTenant.set(policy.tenant, own.set(policy.name, policy));
    }
  }

  /** The tenant's own policy of this name, or the one that all share. */
  find(name: string, tenant: string | undefined): Policy | undefined {
    const own = tenant === undefined ? undefined : this.#byTenant.get(tenant)?.get(name);
    return own ?? this.#shared.get(name);
  }

  /** Those that hold for a tenant, by name. */
  heldFor(tenant: string | undefined): readonly Policy[] {
    const own = tenant === undefined ? undefined : this.#byTenant.get(tenant);
    return [...new Map([...this.#shared, ...(own ?? [])]).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
