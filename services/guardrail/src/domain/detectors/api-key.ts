import { hasClassAt, TOKEN, trailingRun } from "../characters.ts";
import { type Detector, span } from "../detector.ts";
import { precededBy } from "./number-text.ts";

/** Longest key that is found. */
const LONGEST = 512;

// Each begins with what its issuer documents. Alternatives start with different literals: no backtracking between them.
const KNOWN = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    "sk-ant-[A-Za-z0-9_-]{20,200}", // Anthropic
    "sk-(?:proj-|svcacct-|admin-|or-v1-)?[A-Za-z0-9_-]{20,200}", // OpenAI, OpenRouter and those who copied the form
    "[rs]k_(?:live|test)_[A-Za-z0-9]{16,128}", // Stripe
    "whsec_[A-Za-z0-9]{24,64}",
    "(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}(?![A-Z0-9])", // AWS
    "gh[oprsu]_[A-Za-z0-9]{36,255}", // GitHub
    "github_pat_[A-Za-z0-9_]{22,255}",
    "glpat-[A-Za-z0-9_-]{20,64}", // GitLab
    "xox[abeoprs]-[A-Za-z0-9-]{10,255}", // Slack
    "xapp-[A-Za-z0-9-]{20,255}",
    "AIza[A-Za-z0-9_-]{35}", // Google
    "ya29\\.[A-Za-z0-9_-]{20,400}",
    "GOCSPX-[A-Za-z0-9_-]{20,64}",
    "npm_[A-Za-z0-9]{36}", // npm
    "pypi-[A-Za-z0-9_-]{50,400}", // PyPI
    "SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{30,64}", // SendGrid
    "hf_[A-Za-z0-9]{30,64}", // Hugging Face
    "gsk_[A-Za-z0-9]{40,64}", // Groq
    "(?:dop|doo|dor)_v1_[a-f0-9]{64}", // DigitalOcean
    "shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", // Shopify
    "key-[a-f0-9]{32}(?![a-z0-9])", // Mailgun
    "dapi[a-f0-9]{32}", // Databricks
    "EAACEdEose0cBA[A-Za-z0-9]{10,200}", // Facebook
    "lin_api_[A-Za-z0-9]{32,64}", // Linear
    "r8_[A-Za-z0-9]{32,64}", // Replicate
    "AGE-SECRET-KEY-1[A-Z0-9]{58}", // age
  ].join("|")})`,
  "g",
);
const SECRET_WORDS =
  /(?:api[ _-]?key|secret|token|passw(?:or)?d|access[ _-]?key|auth|bearer|credential)[a-z_]{0,12}["'` ]{0,3}(?:[:=]|=>|is|bearer)["'`( ]{0,4}(?:bearer )?$/i;

/** Keys and tokens of well-known services, and random texts that the words right before call a secret. */
export const apiKey: Detector = {
  name: "secret.api_key",
  category: "secret",
  replacement: "[API_KEY_REDACTED]",
  extent: span(LONGEST),
  find({ text, longTokens }, report) {
    for (let i = 0; i < longTokens.length; i += 2) {
      const start = longTokens[i] as number;
      const end = longTokens[i + 1] as number;
      const lead = start > 0 ? 1 : 0;
      let known = false;
      KNOWN.lastIndex = lead;
      for (const found of text.slice(start - lead, end).matchAll(KNOWN)) {
        known = true;
        const at = start - lead + found.index;
        report({ start: at, end: at + found[0].length, score: 0.97, explanation: "A key of a well-known service." });
      }
      if (!known && isAssignedSecret(text, start, end)) {
        report({ start, end, score: 0.75, explanation: "A random text that is called a secret." });
      }
    }
  },
  undecidedFrom: ({ text, from }) => trailingRun(text, TOKEN, { floor: from, limit: LONGEST }),
};

function isAssignedSecret(text: string, start: number, end: number): boolean {
  if (end - start < 20 || end - start > 256 || hasClassAt(text, start - 1, TOKEN)) return false;
  return looksRandom(text.slice(start, end)) && precededBy(text, start, { words: SECRET_WORDS, reach: 48 });
}

// Letters and digits mixed several times; dictionary words joined by "_" or "-" do not look like that.
function looksRandom(token: string): boolean {
  let changes = 0;
  for (let i = 1; i < token.length; i++) {
    if (isDigit(token, i) !== isDigit(token, i - 1)) changes++;
  }
  return changes >= 5;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}
