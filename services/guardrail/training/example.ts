import { BUCKET_BITS, emitWordFeatures, FeatureReader, wordClassOf } from "../src/domain/model/features.ts";
import { foldText } from "../src/domain/model/fold-text.ts";
import { BLOCK, LONG_WINDOW, SHORT_WINDOW, windowScale } from "../src/domain/model/text-windows.ts";

/** A window of a text: its buckets, some more than once, and what their sum is multiplied with. */
export interface Window {
  readonly buckets: Int32Array;
  readonly scale: number;
}

/** The windows of a text: short ones for the heads about injections, long ones for the others. */
export interface WindowSets {
  readonly short: readonly Window[];
  readonly long: readonly Window[];
}

/** A labelled text. */
export interface Example {
  readonly source: string;
  readonly windows: WindowSets;
  /** For each head 1, 0, or -1: says nothing about it. */
  readonly targets: Int8Array;
}

/** Buckets in the table. */
export const BUCKETS = 1 << BUCKET_BITS;

/** The windows that inference looks at, in the same order. */
export function windowsOf(text: string): WindowSets {
  const short: Window[] = [];
  const long: Window[] = [];
  const blocks: Block[] = [{ buckets: [], letters: [], words: 0 }];
  const last = () => blocks.at(-1) as Block;
  const close = () => {
    short.push(windowAtEnd(blocks, SHORT_WINDOW, ({ buckets, letters }) => [...buckets, ...letters]));
    long.push(windowAtEnd(blocks, LONG_WINDOW, ({ buckets }) => buckets));
  };
  new FeatureReader().read(foldText(text), {
    word(token) {
      const { buckets, letters } = last();
      emitWordFeatures(token, { whole: (bucket) => buckets.push(bucket), letters: (bucket) => letters.push(bucket) });
      return wordClassOf(token);
    },
    pair(bucket, times) {
      for (let i = 0; i < times; i++) last().buckets.push(bucket);
    },
    endOfWord() {
      if (++last().words < BLOCK) return;
      close();
      blocks.push({ buckets: [], letters: [], words: 0 });
    },
  });
  if (blocks.length === 1 || last().words !== 0) close();
  return { short, long };
}

interface Block {
  readonly buckets: number[];
  readonly letters: number[];
  words: number;
}

function windowAtEnd(blocks: readonly Block[], count: number, bucketsOf: (block: Block) => readonly number[]): Window {
  const own = blocks.slice(-count);
  const words = own.reduce((sum, block) => sum + block.words, 0);
  return { buckets: Int32Array.from(own.flatMap(bucketsOf)), scale: windowScale(words) };
}
