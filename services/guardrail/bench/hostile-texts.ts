/** Texts made to be slow: each drives one detector into the work it would rather avoid. */
export function hostileTexts(length: number): Readonly<Record<string, string>> {
  const repeated = (unit: string) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  return {
    "no white space": repeated("a"),
    digits: repeated("4"),
    "digit groups": repeated("4111 "),
    "single digits": repeated("1 "),
    "dashed digits": repeated("123-45-"),
    "at signs": repeated("a@"),
    "long domains": repeated(`@${"a-".repeat(30)}a.`),
    addresses: repeated("a@b.co "),
    dots: repeated("1.1."),
    colons: repeated("a:"),
    "iban starts": repeated("GB29 "),
    overrides: repeated("ignore "),
    "overrides with gaps": repeated("ignore all the very "),
    negations: repeated("without not no never "),
    "key starts": repeated("sk-"),
    "token starts": repeated(".eyJ"),
    "token halves": repeated("eyJaaaaaaaaaaaa."),
    "key headers": repeated("-----BEGIN PRIVATE KEY-----\n"),
    "key headers with body": repeated(`-----BEGIN PRIVATE KEY-----\n${"A".repeat(64)}\n`),
    "opened keys": repeated("-----BEGIN "),
    "plus signs": repeated("+1"),
    brackets: repeated("("),
    markup: repeated("<|im_"),
    spaces: repeated(" "),
    controls: repeated("\u0001a"),
    invisible: repeated("\u{e0041}"),
    secrets: repeated("api_key: "),
  };
}
