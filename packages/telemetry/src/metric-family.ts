import type { MetricDefinition } from "./metric-definition.ts";

/** The last traced observation of a series or bucket, for the exemplar of the exposition. */
export interface Exemplar {
  traceId: string;
  value: number;
  /** Epoch milliseconds. */
  at: number;
}

/** One set of label values with its numbers. Mutated in place on the hot path. */
export interface Series {
  /** Values in the order of the family's label names, `service` first. */
  readonly labelValues: readonly string[];
  /** Counter and gauge: the value. Histogram: the sum. */
  value: number;
  /** Histogram only: observations. */
  count: number;
  /** Histogram only: per bucket, the last one is +Inf; not cumulative. */
  readonly bucketCounts: Float64Array;
  /** One slot per bucket, or one for a counter. */
  readonly exemplars: (Exemplar | undefined)[];
}

type Node = Map<string, Node | Series>;

// Above this many series of one metric, further label values are counted together: a hostile or
// buggy label must not eat the memory of the process or of the metrics store.
const MAX_SERIES = 2_000;
const OVERFLOW = "overflow";

/**
 * All series of one metric name, in every module of the process. Series are found through nested maps, one level per
 * label, because that allocates nothing: prom-client's own lookup builds a string per call and costs several times more.
 */
export class MetricFamily {
  readonly definition: MetricDefinition;
  readonly series: Series[] = [];
  private readonly root: Node = new Map();

  constructor(definition: MetricDefinition) {
    this.definition = definition;
  }

  /** The series of these label values; made on first use. */
  find(service: string, labels: Readonly<Record<string, string>>): Series {
    const names = this.definition.labels;
    let node: Node | Series | undefined = this.root.get(service);
    for (let i = 0; i < names.length && node !== undefined; i++) {
      node = (node as Node).get(labels[names[i] as string] as string);
    }
    return (node as Series | undefined) ?? this.add(service, labels);
  }

  private add(service: string, labels: Readonly<Record<string, string>>): Series {
    const full = this.series.length >= MAX_SERIES;
    const values = [service, ...this.definition.labels.map((name) => (full ? OVERFLOW : String(labels[name] ?? "")))];
    let node = this.root;
    for (const value of values.slice(0, -1)) {
      let next = node.get(value) as Node | undefined;
      if (!next) {
        next = new Map();
        node.set(value, next);
      }
      node = next;
    }
    const last = values[values.length - 1] as string;
    const existing = node.get(last) as Series | undefined;
    if (existing) return existing;
    const series = this.emptySeries(values);
    node.set(last, series);
    this.series.push(series);
    return series;
  }

  private emptySeries(labelValues: readonly string[]): Series {
    const bounds = this.definition.buckets ?? [];
    const slots = this.definition.type === "histogram" ? bounds.length + 1 : 0;
    return {
      labelValues,
      value: 0,
      count: 0,
      bucketCounts: new Float64Array(slots),
      exemplars: new Array(Math.max(slots, 1)),
    };
  }
}
