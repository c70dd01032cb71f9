/** All detectors that policies can name. */
import type { Detector } from "../detector.ts";
import { apiKey } from "./api-key.ts";
import { creditCard } from "./credit-card.ts";
import { email } from "./email.ts";
import { controlCharacters, invisibleCharacters, loneSurrogates } from "./encoding.ts";
import { hiddenBidirectional, hiddenEncoded, hiddenInvisible, hiddenMarkup } from "./hidden-text.ts";
import { iban } from "./iban.ts";
import { injectionPhrase } from "./injection-phrase.ts";
import { ipAddress } from "./ip-address.ts";
import { jsonWebToken } from "./json-web-token.ts";
import { cryptoAddress, macAddress, urlCredentials } from "./machine-address.ts";
import { contentDetectors, injectionModel } from "./model-detectors.ts";
import { nationalId } from "./national-id.ts";
import { onPlainText } from "./on-plain-text.ts";
import { phone } from "./phone.ts";
import { privateKey } from "./private-key.ts";
import { socialSecurityNumber } from "./social-security-number.ts";

/** The built-in detectors. A new one is added here, with a rule for it in the policies. */
export const detectors: readonly Detector[] = [
  controlCharacters,
  loneSurrogates,
  invisibleCharacters,
  hiddenInvisible,
  hiddenBidirectional,
  hiddenEncoded,
  hiddenMarkup,
  injectionPhrase,
  injectionModel,
  ...contentDetectors,
  ...[
    email,
    phone,
    socialSecurityNumber,
    creditCard,
    iban,
    nationalId,
    ipAddress,
    macAddress,
    cryptoAddress,
    apiKey,
    jsonWebToken,
    privateKey,
    urlCredentials,
  ].map(onPlainText),
];
