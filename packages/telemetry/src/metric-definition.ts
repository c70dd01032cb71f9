/** The kinds of metric we use. */
export type MetricType = "counter" | "gauge" | "histogram";

/** One metric: its name, meaning and labels. Declared once, in a service's `metrics.ts` or in `names.ts`. */
export interface MetricDefinition<Type extends MetricType = MetricType, Label extends string = string> {
  /** snake_case in base units; counters end in `_total`. */
  readonly name: string;
  /** One sentence for the person who reads the graph. */
  readonly help: string;
  readonly type: Type;
  /** Label names without `service`, which is added by itself. Never an id of a user, session, run or trace. */
  readonly labels: readonly Label[];
  /** Upper bounds of a histogram's buckets, ascending, in the metric's unit. */
  readonly buckets?: readonly number[];
}

/** Values for all labels of a metric. */
export type LabelValues<Label extends string> = Readonly<Record<Label, string>>;

const NAME = /^[a-z][a-z0-9_]*$/;
// Labels that would make one series per request and bring a metrics store down.
const UNBOUNDED = /^(user|session|run|trace|span|request|key|step|hold|call)_id$/;

/** Declares a metric. Throws on a name or label that breaks the rules, at import time. */
export function defineMetric<const Type extends MetricType, const Label extends string = never>(definition: {
  readonly name: string;
  readonly help: string;
  readonly type: Type;
  readonly labels?: readonly Label[];
  readonly buckets?: readonly number[];
}): MetricDefinition<Type, Label> {
  const { name, type, labels = [], buckets } = definition;
  if (!NAME.test(name)) throw new TypeError(`metric ${name}: the name must be snake_case`);
  if (type === "counter" && !name.endsWith("_total"))
    throw new TypeError(`metric ${name}: a counter's name ends in _total`);
  for (const label of labels) {
    if (!NAME.test(label) || label === "le" || label === "service")
      throw new TypeError(`metric ${name}: label ${label} is not allowed`);
    if (UNBOUNDED.test(label)) throw new TypeError(`metric ${name}: label ${label} has no bound`);
  }
  if (type === "histogram" && !isAscending(buckets))
    throw new TypeError(`metric ${name}: a histogram needs ascending buckets`);
  return { ...definition, labels };
}

function isAscending(buckets: readonly number[] | undefined): boolean {
  return !!buckets && buckets.length > 0 && buckets.every((bound, i) => i === 0 || bound > (buckets[i - 1] ?? bound));
}
