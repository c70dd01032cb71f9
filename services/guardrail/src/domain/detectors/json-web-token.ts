import { TOKEN, trailingRun } from "../characters.ts";
import { type Detector, span } from "../detector.ts";

/** Longest token that is found; of a longer one everything up to here, which leaves nothing of use. */
const LONGEST = 8192;
const SHORT = 256;
const TOKEN_FORM = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,5000}(?:\.[A-Za-z0-9_-]{0,1024})?/g;

/** JSON Web Tokens (RFC 7519): header and payload begin with `{"` in base64url. */
export const jsonWebToken: Detector = {
  name: "secret.jwt",
  category: "secret",
  replacement: "[TOKEN_REDACTED]",
  extent: span(LONGEST),
  find({ text, longTokens }, report) {
    for (let i = 0; i < longTokens.length; i += 2) {
      const start = longTokens[i] as number;
      const lead = start > 0 ? 1 : 0;
      const token = text.slice(start - lead, longTokens[i + 1]);
      if (!token.includes("eyJ")) continue;
      TOKEN_FORM.lastIndex = lead;
      for (const found of token.matchAll(TOKEN_FORM)) {
        const at = start - lead + found.index;
        report({ start: at, end: at + found[0].length, score: 0.98, explanation: "A JSON Web Token." });
      }
    }
  },
  undecidedFrom({ text, from }) {
    const start = trailingRun(text, TOKEN, { floor: from, limit: LONGEST });
    const opened = text.indexOf("eyJ", start);
    return opened >= 0 ? opened : Math.max(start, text.length - SHORT);
  },
};
