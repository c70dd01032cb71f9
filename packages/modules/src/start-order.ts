/** What the order is made from. */
interface Dependent {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/**
 * Modules so that each comes after everything it depends on; otherwise as given.
 * Dependencies that are not in the list run elsewhere and do not matter here.
 * @throws TypeError for a name given twice and for a circle, naming it
 */
export function startOrder<M extends Dependent>(modules: readonly M[]): readonly M[] {
  const byName = new Map(modules.map((module) => [module.name, module]));
  if (byName.size !== modules.length) throw new TypeError("a module is in the list twice");
  const ordered = new Set<M>();
  const visit = (module: M, path: readonly string[]): void => {
    if (ordered.has(module)) return;
    const trail = [...path, module.name];
    if (path.includes(module.name)) throw new TypeError(`modules depend on each other: ${trail.join(" → ")}`);
    for (const name of module.dependsOn) {
      const dependency = byName.get(name);
      if (dependency !== undefined) visit(dependency, trail);
    }
    ordered.add(module);
  };
  for (const module of modules) visit(module, []);
  return [...ordered];
}
