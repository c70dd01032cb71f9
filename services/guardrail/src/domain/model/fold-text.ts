const NON_ASCII = /[^\0-\x7f]/;
const MARKS = /\p{M}+/gu;

/**
 * The form of a text that the model reads: lower case, compatibility characters and accents folded away. Linear in the
 * length. Offsets are those of the given text only for plain ASCII.
 */
export function foldText(text: string): string {
  if (!NON_ASCII.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").replace(MARKS, "").toLowerCase();
}
