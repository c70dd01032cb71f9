import { composed, type MappedText, unchanged } from "./offset-map.ts";
import { plainText } from "./plain-text.ts";
import { spelledText } from "./spelled-text.ts";
import { FOREIGN, traitsOf } from "./traits.ts";

/**
 * A text as a reader understands it, for everything that judges meaning: every character in its plain form, spelling
 * tricks undone, with the way back to the original's offsets. Ordinary ASCII text comes back as it is.
 */
export function normalise(text: string): MappedText {
  const traits = traitsOf(text);
  const plain = (traits & FOREIGN) === 0 ? unchanged(text) : plainText(text);
  const spelled = plain.text === text ? spelledText(text, traits) : spelledText(plain.text);
  return spelled.text === plain.text ? plain : composed(plain, spelled);
}
