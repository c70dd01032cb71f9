import { HEADS, INJECTION_HEADS, type ModelWeights } from "../src/domain/model/linear-model.ts";
import { BUCKETS, type Example, type Window } from "./example.ts";
import { randomFrom, shuffle } from "./random.ts";

/** What training depends on besides the examples. */
export interface TrainingOptions {
  readonly seed: number;
  readonly epochs: number;
  /** Of the heads about injections, and of those about content, which see fewer and shorter texts. */
  readonly learningRate: number;
  readonly contentLearningRate: number;
  /** Pull of each touched weight towards 0 (L2). */
  readonly decay: number;
}

/** The options of the shipped model. */
export const TRAINING: TrainingOptions = {
  seed: 20261121,
  epochs: 4,
  learningRate: 0.04,
  contentLearningRate: 0.06,
  decay: 0.00002,
};

const COUNT = HEADS.length;
/** Share of the weight of all examples of a head that its positives get. */
const POSITIVE_SHARE = 0.4;
/** Keeps the first steps small: a rare feature should not carry a text by itself. */
const FIRST_SQUARE = 1;
/** Examples that are understood are passed over. */
const SMALLEST_GRADIENT = 0.002;
const LARGEST = 32_767;

/**
 * Logistic regression for every head at once by AdaGrad. A positive text counts by its worst window (after the first
 * round), a negative one by all of them. Sources count by the root of their size, so that none drowns the others.
 * The same examples and options give the same weights, bit for bit.
 */
export function trainModel(examples: readonly Example[], options: TrainingOptions = TRAINING): ModelWeights {
  const trainer = new Trainer(examples, options);
  for (let epoch = 0; epoch < options.epochs; epoch++) trainer.runEpoch(epoch);
  return trainer.quantised();
}

interface Heads {
  readonly from: number;
  readonly to: number;
  readonly epoch: number;
}

class Trainer {
  readonly #examples: readonly Example[];
  readonly #options: TrainingOptions;
  readonly #weights = new Float32Array(BUCKETS * COUNT);
  readonly #squares = new Float32Array(BUCKETS * COUNT).fill(FIRST_SQUARE);
  readonly #biases = new Float64Array(COUNT).fill(-1);
  readonly #biasSquares = new Float64Array(COUNT).fill(1);
  readonly #importance: readonly Float32Array[];
  readonly #logits = new Float64Array(COUNT);
  readonly #gradients = new Float64Array(COUNT);

  constructor(examples: readonly Example[], options: TrainingOptions) {
    this.#examples = examples;
    this.#options = options;
    this.#importance = importanceOf(examples);
  }

  runEpoch(epoch: number): void {
    const order = shuffle(
      this.#examples.map((_, index) => index),
      randomFrom(this.#options.seed + epoch),
    );
    for (const index of order) {
      const { windows } = this.#examples[index] as Example;
      this.#learn(index, windows.short, { from: 0, to: INJECTION_HEADS, epoch });
      this.#learn(index, windows.long, { from: INJECTION_HEADS, to: COUNT, epoch });
    }
  }

  #learn(index: number, windows: readonly Window[], heads: Heads): void {
    const { targets } = this.#examples[index] as Example;
    const importance = this.#importance[index] as Float32Array;
    const asked = targets.subarray(heads.from, heads.to);
    if (asked.every((target) => target < 0)) return;
    const worst =
      heads.epoch > 0 && windows.length > 1 && asked.includes(1) ? this.#worstWindows(windows, heads) : undefined;
    const share = 1 / Math.sqrt(windows.length);
    const gradients = this.#gradients;
    for (const [place, window] of windows.entries()) {
      this.#score(window, heads);
      let isIdle = true;
      for (let head = heads.from; head < heads.to; head++) {
        gradients[head] = 0;
        const target = targets[head] as number;
        if (target < 0) continue;
        const counts = target === 1 && worst !== undefined;
        if (counts && worst[head] !== place) continue;
        const probability = 1 / (1 + Math.exp(-(this.#logits[head] as number)));
        const gradient = (probability - target) * (importance[head] as number) * (counts ? 1 : share);
        if (Math.abs(gradient) < SMALLEST_GRADIENT) continue;
        gradients[head] = gradient;
        isIdle = false;
      }
      if (!isIdle) this.#step(window, heads);
    }
  }

  /** Sixteen bits a weight, in steps that let the largest weight of a head just fit. */
  quantised(): ModelWeights {
    const largest = new Float64Array(COUNT).fill(1e-9);
    for (let i = 0; i < this.#weights.length; i++) {
      const size = Math.abs(this.#weights[i] as number);
      if (size > (largest[i % COUNT] as number)) largest[i % COUNT] = size;
    }
    const scales = largest.map((size) => size / LARGEST);
    const weights = new Int16Array(this.#weights.length);
    for (let i = 0; i < weights.length; i++) {
      weights[i] = Math.round((this.#weights[i] as number) / (scales[i % COUNT] as number));
    }
    return { weights, scales, biases: this.#biases };
  }

  #worstWindows(windows: readonly Window[], heads: Heads): Int32Array {
    const worst = new Int32Array(COUNT);
    const highest = new Float64Array(COUNT).fill(Number.NEGATIVE_INFINITY);
    for (const [place, window] of windows.entries()) {
      this.#score(window, heads);
      for (let head = heads.from; head < heads.to; head++) {
        const logit = this.#logits[head] as number;
        if (logit <= (highest[head] as number)) continue;
        highest[head] = logit;
        worst[head] = place;
      }
    }
    return worst;
  }

  #score({ buckets, scale }: Window, { from, to }: Heads): void {
    const weights = this.#weights;
    const logits = this.#logits;
    for (let head = from; head < to; head++) {
      let sum = 0;
      for (let i = 0; i < buckets.length; i++) sum += weights[(buckets[i] as number) * COUNT + head] as number;
      logits[head] = sum * scale + (this.#biases[head] as number);
    }
  }

  #step({ buckets, scale }: Window, { from, to }: Heads): void {
    const { decay } = this.#options;
    const learningRate = from < INJECTION_HEADS ? this.#options.learningRate : this.#options.contentLearningRate;
    for (let head = from; head < to; head++) {
      const slope = this.#gradients[head] as number;
      if (slope === 0) continue;
      this.#biasSquares[head] = (this.#biasSquares[head] as number) + slope * slope;
      this.#biases[head] =
        (this.#biases[head] as number) - (learningRate * slope) / Math.sqrt(this.#biasSquares[head] as number);
      const weights = this.#weights;
      const squares = this.#squares;
      for (let i = 0; i < buckets.length; i++) {
        const at = (buckets[i] as number) * COUNT + head;
        const weight = weights[at] as number;
        const gradient = slope * scale + decay * weight;
        const square = (squares[at] as number) + gradient * gradient;
        squares[at] = square;
        weights[at] = weight - (learningRate * gradient) / Math.sqrt(square);
      }
    }
  }
}

/** For each example and head how much it counts; 1 on average. */
function importanceOf(examples: readonly Example[]): readonly Float32Array[] {
  const sizes = new Map<string, number>();
  const keyOf = (example: Example, head: number) => `${head} ${example.targets[head]} ${example.source}`;
  for (const example of examples) {
    for (let head = 0; head < COUNT; head++) {
      const key = keyOf(example, head);
      sizes.set(key, (sizes.get(key) ?? 0) + 1);
    }
  }
  const raw = (example: Example, head: number) => 1 / Math.sqrt(sizes.get(keyOf(example, head)) ?? 1);
  const totals = new Float64Array(COUNT * 2);
  const counts = new Float64Array(COUNT);
  for (const example of examples) {
    for (let head = 0; head < COUNT; head++) {
      const target = example.targets[head] as number;
      if (target < 0) continue;
      totals[head * 2 + target] = (totals[head * 2 + target] as number) + raw(example, head);
      counts[head] = (counts[head] as number) + 1;
    }
  }
  return examples.map((example) =>
    Float32Array.from({ length: COUNT }, (_, head) => {
      const target = example.targets[head] as number;
      if (target < 0) return 0;
      const share = target === 1 ? POSITIVE_SHARE : 1 - POSITIVE_SHARE;
      return (raw(example, head) / (totals[head * 2 + target] as number)) * share * (counts[head] as number);
    }),
  );
}
