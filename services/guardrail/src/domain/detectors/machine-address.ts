import { createHash } from "node:crypto";
import { hasClassAt, TOKEN, trailingRun } from "../characters.ts";
import type { Detector } from "../detector.ts";
import { span } from "../detector.ts";
import { CONTEXT_LENGTH } from "../text-view.ts";

const MAC = /(?<![\w:.-])[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})(?![\w:-])/g;
const LONGEST_MAC = 18;
const BITCOIN = /^(?:[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,71})$/;
const ETHEREUM = /^0x[0-9a-fA-F]{40}$/;
const LONGEST_COIN = 90;
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CREDENTIALS = /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,15}:\/\/[^\s/:@?#"'<>]{0,64}:[^\s/@"'<>]{1,128}@/g;
const LONGEST_CREDENTIALS = 240;

/** Hardware addresses of network cards. */
export const macAddress: Detector = {
  name: "pii.mac_address",
  category: "pii",
  replacement: "[MAC_ADDRESS_REDACTED]",
  extent: span(LONGEST_MAC),
  find({ text, from }, report) {
    if (text.indexOf(":", from) < 0 && text.indexOf("-", from) < 0) return;
    for (const { index, 0: found } of text.matchAll(MAC)) {
      if (index < from || /^(?:00|ff)([:-]00|[:-]ff){5}$/i.test(found)) continue;
      report({ start: index, end: index + found.length, score: 0.85, explanation: "A hardware address." });
    }
  },
  undecidedFrom({ text, from }) {
    let start = text.length;
    const lowest = Math.max(from, text.length - LONGEST_MAC - 1);
    while (start > lowest && /[0-9A-Fa-f:-]/.test(text.charAt(start - 1))) start--;
    return start;
  },
};

/** Addresses of Bitcoin (base58check and bech32, checked) and Ethereum. */
export const cryptoAddress: Detector = {
  name: "pii.crypto_address",
  category: "pii",
  replacement: "[CRYPTO_ADDRESS_REDACTED]",
  extent: span(LONGEST_COIN),
  find({ text, longTokens }, report) {
    for (let i = 0; i < longTokens.length; i += 2) {
      const start = longTokens[i] as number;
      const end = longTokens[i + 1] as number;
      if (hasClassAt(text, start - 1, TOKEN) || end - start > LONGEST_COIN) continue;
      const token = text.slice(start, end).replace(/\.$/, "");
      if (!isAddress(token)) continue;
      report({ start, end: start + token.length, score: 0.95, explanation: "An address of a cryptocurrency." });
    }
  },
  undecidedFrom: ({ text, from }) => trailingRun(text, TOKEN, { floor: from, limit: LONGEST_COIN + 1 }),
};

function isAddress(token: string): boolean {
  if (ETHEREUM.test(token)) return true;
  if (!BITCOIN.test(token)) return false;
  return token.startsWith("bc1") ? passesBech32(token) : passesBase58(token);
}

// The last four bytes are the beginning of the double SHA-256 of the others.
function passesBase58(address: string): boolean {
  let number = 0n;
  for (const character of address) number = number * 58n + BigInt(BASE58.indexOf(character));
  const bytes = Buffer.from(number.toString(16).padStart(50, "0"), "hex");
  if (bytes.length !== 25) return false;
  const hash = (data: Buffer) => createHash("sha256").update(data).digest();
  return hash(hash(bytes.subarray(0, 21)))
    .subarray(0, 4)
    .equals(bytes.subarray(21));
}

// BIP 173 and BIP 350.
function passesBech32(address: string): boolean {
  const values = [3, 3, 0, 2, 3, ...[...address.slice(3)].map((character) => BECH32.indexOf(character))];
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of GENERATOR.entries()) if ((top >>> bit) & 1) check ^= generator;
  }
  return check === 1 || check === 0x2bc830a3;
}

/** Addresses with a password in them: postgres://user:password@host. What stands before the host is found. */
export const urlCredentials: Detector = {
  name: "secret.url_credentials",
  category: "secret",
  replacement: "[CREDENTIALS_REDACTED]@",
  extent: span(LONGEST_CREDENTIALS),
  find({ text, from }, report) {
    // The scheme may stand in what has passed already.
    if (text.indexOf("://", Math.max(0, from - CONTEXT_LENGTH)) < 0) return;
    for (const { index, 0: found } of text.matchAll(CREDENTIALS)) {
      const start = index + found.indexOf("//") + 2;
      if (start < from) continue;
      report({ start, end: index + found.length, score: 0.9, explanation: "An address with a password in it." });
    }
  },
  undecidedFrom({ text, from }) {
    let start = text.length;
    const lowest = Math.max(from, text.length - LONGEST_CREDENTIALS);
    while (start > lowest && /[^\s"'<>]/.test(text.charAt(start - 1))) start--;
    return start;
  },
};
