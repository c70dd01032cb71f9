/** Surroundings in which dangerous words are harmless, by category; each lowers a score. */
interface Context {
  readonly categories: readonly string[];
  readonly words: RegExp;
  readonly factor: number;
}

const PEOPLE = ["violence", "illegal_activities", "self_harm", "harassment"];

const CONTEXTS: readonly Context[] = [
  {
    // Programs, machines, plants and games have no life to take.
    categories: PEOPLE,
    words:
      /\b(?:python|linux|unix|bash|process(?:es)?|thread|port \d|server|docker|kubernetes|git|sql|javascript|node\.?js|program|software|function|script|terminal|task manager|minecraft|fortnite|skyrim|gta|call of duty|valorant|video ?game|final boss|npc|weeds?|bacteria|germs|mosquito(?:es)?|lights|photos?|portrait|balloons?)\b/,
    factor: 0.7,
  },
  {
    categories: [...PEOPLE, "hate_speech", "sexual_content"],
    words:
      /\b(?:according to|reported|police said|was (?:arrested|charged|convicted|sentenced)|documentary|museum|historians?|researchers|the study|survivors?|victims of)\b/,
    factor: 0.85,
  },
  {
    categories: [...PEOPLE, "hate_speech"],
    words:
      /\b(?:how (?:can|do|should) (?:we|schools|parents|companies|i) (?:prevent|stop|report|recogni[sz]e|support|respond)|prevention|hotline|helpline|raise awareness|speak out against|is (?:racist|wrong|unacceptable|hateful)|stop (?:calling|saying))\b/,
    factor: 0.75,
  },
  {
    categories: ["sexual_content", "self_harm", "violence"],
    words:
      /\b(?:patients?|doctors?|symptoms?|diagnosis|treatment|breast cancer|mammogram|pregnan(?:t|cy)|contraception|surgery)\b/,
    factor: 0.8,
  },
];

/** What a score of a category is multiplied with for what surrounds it (in lower case): 1 where nothing speaks for harmlessness. */
export function contextDiscount(surroundings: string, category: string): number {
  let factor = 1;
  for (const context of CONTEXTS) {
    if (context.categories.includes(category) && context.words.test(surroundings)) factor *= context.factor;
  }
  return factor;
}
