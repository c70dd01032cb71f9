/** Check digits of national identification numbers. All take digits or capitals without separators. */

/** Whether the digits times the weights, summed, give 0 modulo `modulus`. */
export function passesWeights(digits: string, weights: readonly number[], modulus: number): boolean {
  return weightedSum(digits, weights) % modulus === 0;
}

function weightedSum(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (const [index, weight] of weights.entries()) sum += weight * (digits.charCodeAt(index) - 48);
  return sum;
}

/** German tax number (ISO/IEC 7064, MOD 11,10): eleven digits, not starting with 0. */
export function isGermanTaxId(digits: string): boolean {
  if (digits.length !== 11 || digits.startsWith("0")) return false;
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.charAt(10));
}

/** French social security number (NIR): 13 digits and a key of two. */
export function isFrenchNir(digits: string): boolean {
  const month = Number(digits.slice(3, 5));
  if (digits.length !== 15 || !/^[12]/.test(digits) || month === 0 || (month > 12 && month < 20)) return false;
  return 97 - Number(BigInt(digits.slice(0, 13)) % 97n) === Number(digits.slice(13));
}

/** Spanish DNI and NIE: the letter is the number modulo 23. */
export function isSpanishId(id: string): boolean {
  const number = Number(id.slice(0, -1).replace(/^[XYZ]/, (first) => String("XYZ".indexOf(first))));
  return "TRWAGMYFPDXBNJZSQVHLCKE".charAt(number % 23) === id.slice(-1);
}

const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italian codice fiscale: sixteen characters, the last one checks the others (DM 23/12/1976). */
export function isItalianCode(code: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const value = Number.parseInt(code.charAt(i), 36);
    const place = value > 9 ? value - 10 : value;
    sum += i % 2 === 0 ? (ODD_VALUES[place] as number) : place;
  }
  return String.fromCharCode(65 + (sum % 26)) === code.charAt(15);
}

/** Dutch BSN: nine digits, the eleven test. */
export function isDutchBsn(digits: string): boolean {
  return passesWeights(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1], 11) && Number(digits) > 0;
}

/** Brazilian CPF: eleven digits, two of them check digits. */
export function isBrazilianCpf(digits: string): boolean {
  if (/^(\d)\1*$/.test(digits)) return false;
  const first = ((weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  const second = ((weightedSum(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  return digits.endsWith(`${first}${second}`);
}

/** Polish PESEL: a date of birth, a serial, a check digit. */
export function isPolishPesel(digits: string): boolean {
  const month = Number(digits.slice(2, 4)) % 20;
  const day = Number(digits.slice(4, 6));
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  return passesWeights(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1], 10);
}

const MULTIPLY = "0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210";
const PERMUTE = [
  "0123456789",
  "1576283094",
  "5803796142",
  "8916043527",
  "9453126870",
  "4286573901",
  "2793806415",
  "7046913258",
];

/** Verhoeff's check digit, as on the Indian Aadhaar. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const permuted = Number(PERMUTE[i % 8]?.charAt(digit));
    check = Number(MULTIPLY.charAt(check * 10 + permuted));
  }
  return check === 0;
}
