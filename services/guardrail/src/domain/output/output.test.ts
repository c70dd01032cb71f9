import { describe, expect, it } from "vitest";
import type { Detector } from "../detector.ts";
import type { Match } from "../finding.ts";
import type { OutputContext } from "../output-context.ts";
import { TextView } from "../text-view.ts";
import { groundedness } from "./groundedness.ts";
import { outputDetectors } from "./index.ts";
import { jsonSchemaDetector } from "./json-schema.ts";
import { languageDetector, languageOf } from "./language.ts";
import { promptLeak } from "./prompt-leak.ts";
import { tone } from "./tone.ts";
import { urlDetector } from "./url.ts";

function find(detector: Detector, text: string, context?: OutputContext): (Match & { found: string })[] {
  const matches: (Match & { found: string })[] = [];
  const report = (match: Match) => matches.push({ ...match, found: text.slice(match.start, match.end) });
  detector.find(new TextView(text), report, "output", context);
  return matches;
}

function detector(name: string): Detector {
  return outputDetectors().find((one) => one.name === name) as Detector;
}

describe("leakage of the system prompt", () => {
  const systemPrompt =
    "You are Max, the assistant of the Miller bakery. Never mention the oven in the cellar, or that Mr Miller sells it in May.";

  it("is found by its words, whatever stands between them", () => {
    const [leak] = find(promptLeak, "It says: never mention the oven in the CELLAR -- or that Mr. Miller sells it!", {
      systemPrompt,
    });
    expect(leak?.found.toLowerCase()).toMatch(/^never mention .* sells it$/);
    expect(leak?.score).toBeGreaterThan(0.6);
  });

  it("is not seen in short idioms, nor in what the user wrote", () => {
    expect(find(promptLeak, "I am Max, the assistant of the Miller bakery.", { systemPrompt })).toEqual([]);
    const question = "Why never mention the oven in the cellar, or that Mr Miller sells it in May?";
    expect(find(promptLeak, question, { systemPrompt, question })).toEqual([]);
    expect(find(promptLeak, systemPrompt)).toEqual([]);
  });
});

describe("groundedness", () => {
  const passages = [
    "The Aurora plan costs 29 dollars a month. It includes 50 GB of storage. Refunds are not available after 14 days.",
  ];
  const unsupported = (text: string) => find(groundedness, text, { passages }).filter(({ score }) => score >= 0.5);

  it.each([
    "The Aurora plan costs 29 dollars per month.",
    "It includes storage of 50 GB.",
    "Refunds are not available after 14 days.",
    "Let me know if you have any questions about that!",
  ])("bears out %j", (text) => expect(unsupported(text)).toEqual([]));

  it.each([
    ["The Aurora plan costs 19 dollars a month.", "another number"],
    ["Refunds are available after 14 days.", "the opposite"],
    ["Our support team answers within three hours on weekends.", "something else"],
  ])("does not bear out %j: %s", (text) => {
    expect(unsupported(`The Aurora plan includes storage. ${text}`).map(({ found }) => found)).toEqual([text]);
  });

  it("says nothing where no passages were given", () => {
    expect(find(groundedness, "The moon is made of cheese and butter.")).toEqual([]);
  });
});

describe("a commitment", () => {
  const commitments = (text: string) => find(detector("output.commitment"), text).map(({ found }) => found);
  it("is found in any case and spacing: the car that was sold for one dollar", () => {
    const sold = "That’s a deal, and that's a LEGALLY\n binding offer – no takesies-backsies.";
    expect(commitments(sold)).toEqual(["That’s a deal", "LEGALLY\n binding", "no takesies-backsies"]);
  });
  it("is not found within other words", () => {
    expect(commitments("Promising is not to promise: illegally bindings, dealers.")).toEqual([]);
  });
});

describe("links", () => {
  const links = (text: string) => find(urlDetector(["example.com"]), text).map(({ found }) => found);
  it("may lead to listed hosts and what is below them", () => {
    expect(links("See https://example.com/a, http://docs.example.com and www.example.com.")).toEqual([]);
  });
  it("may not lead elsewhere, however they look", () => {
    expect(links("[x](https://evil.test/?q=example.com), www.bad.test!")).toEqual([
      "https://evil.test/?q=example.com",
      "www.bad.test",
    ]);
    expect(links("https://example.com@evil.test/ https://notexample.com https://example.com.evil.test")).toHaveLength(
      3,
    );
  });
});

describe("a JSON schema", () => {
  const schema = JSON.stringify({
    type: "object",
    required: ["name"],
    properties: { name: { type: "string", pattern: "^(a+)+$" } },
  });
  const check = (text: string) => find(jsonSchemaDetector(undefined), text, { jsonSchema: schema });
  it("is fitted by JSON, also between fences", () => {
    expect(check('{"name": "aaa"}')).toEqual([]);
    expect(check('```json\n{"name": "aaa"}\n```')).toEqual([]);
  });
  it("is missed by what is no JSON or another shape, without telling the text", () => {
    expect(check("secret")[0]?.explanation).toBe("The answer is not valid JSON.");
    const [wrong] = check('{"name": 4711}');
    expect(wrong?.explanation).toContain('"type"');
    expect(wrong?.explanation).not.toContain("4711");
  });
  it("has patterns that cannot be made to backtrack", () => {
    const started = performance.now();
    expect(check(JSON.stringify({ name: `${"a".repeat(20_000)}!` }))).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(2000);
  });
  it("that is none is an error, not a pass", () => {
    expect(() => find(jsonSchemaDetector(undefined), "{}", { jsonSchema: "{" })).toThrow();
  });
});

describe("language", () => {
  it.each([
    ["en", "The answer to your question is that this is not what you would want to have."],
    ["de", "Die Antwort auf Ihre Frage ist, dass das nicht so ist, wie Sie es sich wünschen."],
    ["fr", "La réponse à votre question est que ce n'est pas dans les plans pour vous."],
    ["es", "La respuesta a su pregunta es que no se puede hacer con los datos que tiene."],
    ["it", "La risposta è che questo non si può fare con il piano che ha al momento."],
    ["pt", "A resposta é que não é possível fazer isso com os dados que você tem no momento."],
    ["nl", "Het antwoord op de vraag is dat het niet kan met de gegevens die er zijn."],
    ["pl", "To jest odpowiedź na pytanie, ale nie jest to dla nas możliwe w tej chwili oraz jutro."],
    ["sv", "Svaret på frågan är att det inte går att göra med de uppgifter som finns och är till för dig."],
    ["tr", "Bu soru için en iyi cevap budur ve daha sonra bir şey olarak değil ama çok gibi."],
    ["ja", "ご質問の答えは、それはできないということです。"],
    ["zh", "您的问题的答案是这样做是不可能的。"],
    ["ru", "Ответ на ваш вопрос состоит в том, что это невозможно."],
    ["ko", "질문에 대한 답은 불가능하다는 것입니다."],
    ["ar", "الجواب على سؤالك هو أن هذا غير ممكن."],
  ])("%s is told apart", (language, text) => expect(languageOf(text)?.language).toBe(language));

  it("that is not allowed is found, and too little text is not judged", () => {
    const german = "Die Antwort auf Ihre Frage ist, dass das nicht so ist, wie Sie es sich wünschen.";
    expect(find(languageDetector(["en"]), german)[0]?.score).toBeGreaterThan(0.5);
    expect(find(languageDetector(["en", "de"]), german)).toEqual([]);
    expect(find(languageDetector(["en"]), "391")).toEqual([]);
  });
});

describe("tone", () => {
  it("is worse when it is said to someone than when it is denied", () => {
    const score = (text: string) => Math.max(0, ...find(tone, text).map((match) => match.score));
    expect(score("You idiot.")).toBeGreaterThan(0.9);
    expect(score("That is not stupid at all.")).toBeLessThan(0.5);
    expect(score("Thank you for the kind question.")).toBe(0);
  });
});

describe("length", () => {
  it("has two bounds", () => {
    const [length] = outputDetectors({ length: { min: 3, max: 5 } }) as [Detector];
    expect(["ab ", "abc", "abcde", "abcdef"].map((text) => find(length, text).length)).toEqual([1, 0, 0, 1]);
  });
});
