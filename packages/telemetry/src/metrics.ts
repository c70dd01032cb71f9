import type { LabelValues, MetricDefinition } from "./metric-definition.ts";
import { MetricFamily, type Series } from "./metric-family.ts";
import type { Span } from "./span.ts";

/** The arguments after the value: labels (left out for a metric without labels) and the span for the exemplar. */
type Rest<Label extends string> = [Label] extends [never]
  ? [labels?: Readonly<Record<string, never>>, span?: Span | undefined]
  : [labels: LabelValues<Label>, span?: Span | undefined];
/** The labels alone. */
type LabelRest<Label extends string> = [Label] extends [never]
  ? [labels?: Readonly<Record<string, never>>]
  : [labels: LabelValues<Label>];

/** A number that only grows. */
export interface Counter<Label extends string = string> {
  /** Adds a value ≥ 0 (anything else is ignored). A recording span becomes the exemplar. */
  add(value: number, ...rest: Rest<Label>): void;
}

/** A number that goes up and down. */
export interface Gauge<Label extends string = string> {
  set(value: number, ...labels: LabelRest<Label>): void;
  /** Adds a difference, which may be negative. */
  add(value: number, ...labels: LabelRest<Label>): void;
}

/** A distribution: durations in seconds, sizes in bytes. */
export interface Histogram<Label extends string = string> {
  /** Counts one observation (not a number: ignored). A recording span becomes the exemplar of its bucket. */
  observe(value: number, ...rest: Rest<Label>): void;
}

/** Makes instruments from definitions. The same definition twice gives instruments over the same series. */
export interface Metrics {
  counter<Label extends string>(definition: MetricDefinition<"counter", Label>): Counter<Label>;
  gauge<Label extends string>(definition: MetricDefinition<"gauge", Label>): Gauge<Label>;
  histogram<Label extends string>(definition: MetricDefinition<"histogram", Label>): Histogram<Label>;
}

/** All metrics of the process, by name. */
export class MetricRegistry {
  readonly families = new Map<string, MetricFamily>();

  /** The family of a definition; two definitions of one name must agree. */
  family(definition: MetricDefinition): MetricFamily {
    const known = this.families.get(definition.name);
    if (!known) {
      const family = new MetricFamily(definition);
      this.families.set(definition.name, family);
      return family;
    }
    if (shapeOf(known.definition) !== shapeOf(definition)) {
      throw new TypeError(`metric ${definition.name} is declared twice with different types, labels or buckets`);
    }
    return known;
  }

  /** Instruments whose series carry this `service` label. */
  forService(service: string): Metrics {
    return {
      counter: (definition) => new CounterInstrument(this.family(definition), service),
      gauge: (definition) => new GaugeInstrument(this.family(definition), service),
      histogram: (definition) => new HistogramInstrument(this.family(definition), service),
    };
  }
}

function shapeOf(definition: MetricDefinition): string {
  return JSON.stringify([definition.type, definition.labels, definition.buckets]);
}

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

function keepExemplar(series: Series, slot: number, value: number, span: Span): void {
  const known = series.exemplars[slot];
  if (!known) {
    series.exemplars[slot] = { traceId: span.traceId, value, at: Date.now() };
    return;
  }
  known.traceId = span.traceId;
  known.value = value;
  known.at = Date.now();
}

class Instrument {
  protected readonly family: MetricFamily;
  protected readonly service: string;

  constructor(family: MetricFamily, service: string) {
    this.family = family;
    this.service = service;
    // A metric without labels exists at zero from the start, so that its absence never looks like a fault.
    if (family.definition.labels.length === 0) family.find(service, NO_LABELS);
  }
}

class CounterInstrument extends Instrument implements Counter {
  add(value: number, labels: Readonly<Record<string, string>> = NO_LABELS, span?: Span): void {
    if (!(value >= 0)) return;
    const series = this.family.find(this.service, labels);
    series.value += value;
    if (span?.recording) keepExemplar(series, 0, value, span);
  }
}

class GaugeInstrument extends Instrument implements Gauge {
  set(value: number, labels: Readonly<Record<string, string>> = NO_LABELS): void {
    this.family.find(this.service, labels).value = value;
  }

  add(value: number, labels: Readonly<Record<string, string>> = NO_LABELS): void {
    this.family.find(this.service, labels).value += value;
  }
}

class HistogramInstrument extends Instrument implements Histogram {
  private readonly bounds: readonly number[];

  constructor(family: MetricFamily, service: string) {
    super(family, service);
    this.bounds = family.definition.buckets ?? [];
  }

  observe(value: number, labels: Readonly<Record<string, string>> = NO_LABELS, span?: Span): void {
    if (Number.isNaN(value)) return;
    const series = this.family.find(this.service, labels);
    const bounds = this.bounds;
    let slot = 0;
    while (slot < bounds.length && value > (bounds[slot] as number)) slot++;
    series.bucketCounts[slot] = (series.bucketCounts[slot] as number) + 1;
    series.value += value;
    series.count += 1;
    if (span?.recording) keepExemplar(series, slot, value, span);
  }
}
