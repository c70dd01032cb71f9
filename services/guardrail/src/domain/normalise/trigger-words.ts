/**
 * Words that attacks cannot do without and that are therefore written with digits for letters or letter by letter.
 * Only these are read through such disguises, so that ordinary identifiers keep their form.
 */
export const triggerWords: ReadonlySet<string> = new Set(
  (
    "ignore ignoring disregard forget forgetting override overriding bypass bypassing neglect dismiss discard abandon " +
    "skip delete erase cancel violate break reveal show print repeat output display tell give share expose leak dump " +
    "return recite copy echo disclose send all any every the your my these those this that and with from of about " +
    "previous prior above preceding earlier former past initial original existing current given following first last " +
    "instruction instructions direction directions prompt prompts rule rules guideline guidelines command commands " +
    "directive directives order orders programming training constraint constraints restriction restrictions policy " +
    "policies protocol protocols guardrail guardrails safeguard safeguards filter filters filtering limit limits " +
    "limitation limitations censorship ethics morals system developer assistant admin administrator secret password " +
    "passwords hidden confidential key keys token tokens message context conversation text jailbreak jailbroken " +
    "unrestricted unfiltered uncensored pretend act roleplay simulate mode enabled enable disable activate you are now " +
    "do not follow anything everything instead only new must will execute run code malware virus exploit hack hacking " +
    "steal bomb weapon explosive drugs kill suicide porn sex nude hate without answer respond reply say write"
  ).split(" "),
);
