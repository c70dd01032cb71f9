import { formOf } from "./character-forms.ts";
import { type MappedText, MappedTextBuilder } from "./offset-map.ts";

const FOREIGN = /[^\0-\x7f]/;
/**
 * Longer runs of invisible characters hide nothing between letters any more: they count as the end of what is before.
 * So a stream needs to keep a bounded number of characters as context.
 */
const LONGEST_GAP = 16;
/** As much as any detector looks back. */
const END_OF_CONTEXT = "\n".repeat(64);
/** Most code units that 64 characters of plain text can come from. */
const LONGEST_CONTEXT = 64 * (2 + 2 * LONGEST_GAP) + 64;

/**
 * A text with every character in its plain form: NFKC, Latin letters for look-alikes and accented ones, ASCII digits,
 * hyphens and spaces, no invisible characters. Each character is judged by itself, so what follows never changes what
 * is already there. Half a character at the very end is left out: the other half may follow.
 */
export function plainText(text: string): MappedText {
  const builder = new MappedTextBuilder(text);
  let end = text.length;
  let gap = 0;
  let after = -1;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    const code = (unit & 0xfc00) === 0xd800 ? (text.codePointAt(index) as number) : unit;
    if (code === unit && (unit & 0xfc00) === 0xd800 && index + 1 === text.length) {
      end = index;
      break;
    }
    const length = code > 0xffff ? 2 : 1;
    let form = formOf(code);
    if (form === "") {
      gap = index === after ? gap + 1 : 1;
      after = index + length;
      if (gap === LONGEST_GAP + 1) form = END_OF_CONTEXT;
    }
    if (form.length !== length || form.charCodeAt(0) !== unit) builder.replace(index, length, form);
    index += length - 1;
  }
  return builder.finish(end);
}

/** Where the context of `index` begins: at least 64 characters of plain text before it. */
export function contextStart(text: string, index: number): number {
  const near = Math.max(0, index - 64);
  if (!FOREIGN.test(text.slice(near, index))) return near;
  let kept = 0;
  let start = index;
  const lowest = Math.max(0, index - LONGEST_CONTEXT);
  while (start > lowest && kept < 64) {
    start--;
    const code = text.charCodeAt(start);
    if ((code & 0xfc00) === 0xdc00 && start > lowest && (text.charCodeAt(start - 1) & 0xfc00) === 0xd800) start--;
    if (code < 0x80 || formOf(text.codePointAt(start) as number) !== "") kept++;
  }
  return start;
}
