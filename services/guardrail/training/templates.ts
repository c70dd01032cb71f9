import type { Random } from "./random.ts";

/** Named lists of texts; a text may name others as `<name>` and offer choices as `(a|b|)`. */
export type Grammar = Readonly<Record<string, readonly string[]>>;

const CHOICE = /\(([^()]*\|[^()]*)\)/;
const NAMES = /<([a-z_]+)>/g;

/** Writes one text out; `<names>` that the grammar does not have stay, as markup does. @throws when `start` is unknown */
export function expand(grammar: Grammar, start: string, random: Random): string {
  let text = random.pick(listOf(grammar, start));
  for (let step = 0; step < 60; step++) {
    const choice = CHOICE.exec(text);
    if (choice !== null) {
      text = replaced(text, choice, random.pick((choice[1] ?? "").split("|")));
      continue;
    }
    const name = [...text.matchAll(NAMES)].find(([, key]) => grammar[key ?? ""] !== undefined);
    if (name === undefined) break;
    text = replaced(text, name, random.pick(listOf(grammar, name[1] ?? "")));
  }
  return text
    .replace(/ {2,}/g, " ")
    .replace(/ ([,.!?])/g, "$1")
    .trim();
}

function listOf(grammar: Grammar, name: string): readonly string[] {
  const list = grammar[name];
  if (list === undefined) throw new Error(`the grammar has no list "${name}"`);
  return list;
}

function replaced(text: string, match: RegExpMatchArray, by: string): string {
  return text.slice(0, match.index) + by + text.slice((match.index ?? 0) + match[0].length);
}

/** Makes some texts look as people type them: another case, a letter dropped, swapped or doubled. */
export function roughen(text: string, random: Random): string {
  const kind = random.below(10);
  if (kind === 0) return text.toUpperCase();
  if (kind <= 2) return text.toLowerCase();
  if (kind > 4 || text.length < 12) return text;
  const at = 1 + random.below(text.length - 3);
  const cut = random.pick([
    text.slice(at + 1),
    (text[at + 1] ?? "") + (text[at] ?? "") + text.slice(at + 2),
    (text[at] ?? "") + text.slice(at),
  ]);
  return text.slice(0, at) + cut;
}
