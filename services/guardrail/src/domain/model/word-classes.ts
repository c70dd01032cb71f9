/**
 * Classes of words: what the model learns about "disregard" holds for "ignoriere" and "olvida" as well. Words are written
 * as the tokenizer hands them out: lower case, without accents and apostrophes. A word has one class, the first that
 * lists it. The vocabulary of hate, sex and self-harm stands here because a filter has to know it.
 */
const SOURCES: readonly (readonly [name: string, words: string])[] = [
  [
    "override",
    `ignore ignoring ignored disregard disregarding forget forgetting override overriding overrides bypass bypassing neglect
     overrule circumvent supersede supersedes nullify ignor forgot ignroe ignoer disreguard forgett overwrite discard abandon
     ignoriere ignorieren ignorier vergiss vergessen vergesse missachte ueberschreibe uberschreibe umgehe verwerfe verwirf
     ignora ignorar ignorad ignore olvida olvidar olvide olvidate omite descarta anula
     oublie oubliez oublier ignorez ignorer neglige outrepasse contourne
     dimentica dimenticare dimenticate trascura scarta esqueca esquecer ignorem desconsidere desconsiderar descarte`,
  ],
  [
    "prior",
    `previous previously prior above earlier preceding foregoing former initial original before aforementioned existing
     vorherigen vorherige vorigen vorher bisherigen bisherige obigen obige davor zuvor fruheren fruhere ursprunglichen vorangegangenen
     anteriores anterior previas previos previa arriba precedentes precedente precedentemente dessus avant precedent precedents
     precedenti precedentemente sopra anteriormente acima iniciales iniziali initiales originales previ`,
  ],
  [
    "everything",
    `all everything any anything whatever entire every alles alle allen jegliche samtliche todo todas todos toda tout toutes
     tous toute tutto tutte tutti tudo quaisquer cualquier`,
  ],
  [
    "instructions",
    `instructions instruction instrutions prompts prompt rules guidelines guideline directives directive orders commands
     programming constraints restrictions policies protocols guardrails safeguards preprompt limitations filters rule
     anweisungen anweisung anweisungn instruktionen regeln befehle vorgaben richtlinien aufgaben aufforderungen einschrankungen
     instrucciones instruccion reglas ordenes indicaciones directrices restricciones
     consignes consigne regles ordres directives restrictions instructions
     istruzioni istruzione regole ordini direttive restrizioni instrucoes instrucao regras ordens diretrizes comandos`,
  ],
  [
    "context_nouns",
    `context conversation assignments assignment task tasks statements text message messages input inputs questions content
     aufgabe texte kontext gesprach tarea tareas contexto tache taches compito contexte contesto tarefa texto texte testo`,
  ],
  [
    "disclose",
    `reveal show print repeat output display disclose leak dump recite echo expose spell verbatim share exfiltrate
     zeige zeig verrate nenne wiederhole drucke gib muestra muestrame revela revelar repite imprime dime
     montre montrez revele revelez repete affiche affichez mostra mostrami rivela ripeti stampa mostre revele repita imprima`,
  ],
  [
    "system",
    `system hidden secret confidential internal developer dev initialization systemprompt sistema systeme versteckten geheimen secretas`,
  ],
  [
    "ai",
    `ai llm gpt chatgpt gpt3 gpt4 assistant chatbot bot openai anthropic claude gemini bard llama copilot model ki agent
     agents assistants ia`,
  ],
  [
    "persona",
    `dan stan dude jailbreak jailbroken jailbreaking devmode unfiltered uncensored unrestricted unbound unhinged amoral
     unethical lawless roleplay persona immersive evilbot aim betterdan mongo omega evil`,
  ],
  [
    "pretend",
    `pretend act imagine simulate simulating hypothetical behave impersonate become emulate finge actua imagina stell tu fais fingi finja`,
  ],
  [
    "limits",
    `ethics ethical moral morals morality censorship censor moderation filter filtering disclaimer disclaimers warnings safety refuse refusal refusing restriction alignment ethically`,
  ],
  [
    "negation",
    `not no never without dont cannot cant wont isnt arent doesnt didnt nicht kein keine ohne sans sin senza sem non nunca jamas`,
  ],
  [
    "now",
    `now henceforth instead new actually onwards jetzt ahora maintenant adesso agora neue neuen stattdessen nuevo nueva nuevas nouvelle nouvelles nuove novas novo`,
  ],
  [
    "say",
    `say write tell answer respond reply sage sag schreibe antworte escribe responde diga decir dis ecris reponds scrivi rispondi escreva responda`,
  ],
  [
    "you",
    `you your youre yourself u ur du dein deine deinen dich ihr sie ihre tu tus usted te vous votre vos ton tes tuo tue tuoi voce seu suas`,
  ],
  [
    "credentials",
    `password passwords passwort credentials credential apikey apikeys token tokens secrets contrasena parola senha passphrase`,
  ],
  ["send_out", `send forward email upload transmit post submit fetch curl transfer`],
  [
    "sex_explicit",
    `sex sexual sexually sexy nude nudes naked nudity porn porno pornographic pornography erotic erotica orgasm orgasms orgasmic
     penis vagina clit clitoris clitoral cock cocks dick dicks pussy pussies tits titties boobs breasts breast nipple nipples cum
     cumming cumshot blowjob blowjobs handjob anal anus masturbate masturbating masturbation fuck fucked fucking fucks horny
     aroused arousal thrust thrusting thrusts moan moaned moaning moans lust lustful fetish bdsm dildo vibrator threesome orgy
     hentai milf incest incestuous seduce seduced seductive lingerie panties undress undressed undressing intercourse ejaculate
     ejaculation ejaculated erection erect semen sperm genitals genital crotch foreplay kinky bondage slutty strip stripper
     stripped striptease hooker prostitute prostitution escort rape raped rapist molest molested pedophile pedophilia loli shota
     underage buttocks licking sucking shaft balls testicles cunt creampie deepthroat rimming squirting climax climaxed virginity`,
  ],
  [
    "sex_soft",
    `kissed kissing kiss lips thighs thigh skirt bra bed bedroom moist wet tongue hard throbbing caress caressed passionate passionately intimate intimacy desire sensual straddled whispered flesh skin virgin horniness hips waist`,
  ],
  [
    "minor",
    `child children kid kids minor minors teen teens teenage teenager girl girls boy boys daughter son stepdaughter stepson schoolgirl preteen toddler student niece nephew sister brother stepsister stepmom stepbrother`,
  ],
  [
    "self_harm",
    `suicide suicidal selfharm selfinjury cutting anorexia anorexic bulimia bulimic purging proana thinspo noose
     overdose overdosing suicides wrists wrist unalive kms starve starving starvation`,
  ],
  ["myself", `myself ourselves themselves himself herself yourself`],
  [
    "despair",
    `hopeless worthless unbearable burden pointless hate lonely alone depressed depression pain painless painlessly goodbye anymore exist existing living alive life end ending die dying death`,
  ],
  ["cut", `cut cuts blade blades razor razors bleed bleeding hurt hurting harm pills pill bridge jump hang hanging`],
  [
    "slur",
    `nigger niggers nigga niggas niglet nigglets faggot faggots fag fags kike kikes spic spics chink chinks gook gooks wetback
     wetbacks beaner beaners coon coons dyke dykes tranny trannies retard retards retarded raghead ragheads towelhead towelheads
     paki pakis gypsy gypsies cracker crackers honky redneck rednecks jigaboo porch monkey monkeys muzzie muzzies mudslime libtard
     shemale squaw injun zipperhead sandnigger untermensch goyim subhuman subhumans vermin cockroaches savages savage parasites`,
  ],
  [
    "group",
    `jews jew jewish muslims muslim islam islamic blacks black whites white asians asian chinese mexicans mexican hispanics latinos
     latino latina arabs arab immigrants immigrant migrants refugees refugee gays gay lesbians lesbian homosexuals homosexual
     homosexuality transgender transgenders trans women woman females feminists africans african indians indian pakistanis natives
     christians christian catholics hindus disabled women africa israelis palestinians irish polish russians japanese koreans
     foreigners foreigner queer queers lgbt lgbtq bisexual bisexuals autistic blind deaf disabilities races race minorities minority`,
  ],
  [
    "derogatory",
    `inferior filthy dirty disgusting scum trash animals animal rats criminals thieves lazy stupid dumb primitive uncivilized
     terrorists terrorist freeloaders leeches worthless evil abomination unnatural disease plague exterminate exterminated
     eradicate deport deported gassed lynch lynched genocide ruining destroying invading invaders replace greedy violent
     dangerous rapists apes ape pigs pig dogs cancer degenerate degenerates sinners freaks mentally ugly smelly backwards
     deserve superior supremacy supremacist purity holocaust hitler nazi nazis kkk`,
  ],
  [
    "insult",
    `bitch bitches whore whores slut sluts hoe hoes ho asshole assholes bastard moron morons idiot idiots loser losers douche twat prick dumbass shithead scumbag fatass bullshit shit ass motherfucker motherfuckers imbecile crap stfu wanker jerk pathetic`,
  ],
  [
    "kill",
    `kill kills killed killing murder murdered murdering murders slaughter slaughtered behead beheaded beheading stab stabbed stabbing
     shoot shooting shot shoots strangle strangled torture tortured massacre assassinate execute executed attack attacked attacking
     beat beaten punch dismember decapitate maim bomb bombing bombs bombed explode explosive explosives gun guns rifle knife weapon
     weapons poison poisoned blood bloody gore corpse burn annihilate destroy threatening threaten threatened violence violent warfare`,
  ],
  [
    "crime",
    `steal stealing stolen theft shoplift rob robbing robbery burglary burglarize hack hacking hacker malware ransomware virus
     phishing keylogger trojan botnet launder laundering counterfeit counterfeiting forge forged fraud fraudulent scam scams
     smuggle smuggling trafficking traffic meth methamphetamine cocaine heroin fentanyl lsd mdma drugs drug dealer blackmail extort
     extortion bribe bribery evade evading evasion tax hijack carjack counterfeiters piracy pirate pirated illegal illegally
     illicit unlawful undetected untraceable detection caught stalk stalking wiretap spyware ddos sql exploit exploiting embezzle
     insider ponzi fake identity darkweb ghost unlicensed poach poaching arson vandalize vandalism kidnap kidnapping`,
  ],
  [
    "technical",
    `process processes python linux server thread port code function script javascript java sql git docker kubernetes terminal command database software app game minecraft cod variable exception query program computer bug lights light engine photo camera movie film scene basketball hoops weeds bacteria mosquitoes mosquito virus time boredom`,
  ],
  [
    "quoting",
    `said wrote quote quoted according reported reports article news police court charged arrested historian history museum documentary study research researchers educational awareness prevention support helpline therapist doctor medical patients treatment novel character chapter`,
  ],
];

/** The names of the classes; a word's class is its place here plus one. */
export const wordClassNames: readonly string[] = SOURCES.map(([name]) => name);

/** Every listed word with its class, from 1. */
export function* classedWords(): Generator<readonly [word: string, wordClass: number]> {
  const seen = new Set<string>();
  for (const [index, [, words]] of SOURCES.entries()) {
    for (const word of words.trim().split(/\s+/)) {
      if (seen.has(word)) continue;
      seen.add(word);
      yield [word, index + 1];
    }
  }
}
