/** Check digit arithmetic that identifiers of many kinds share. Texts hold digits only. */

function digitAt(digits: string, at: number): number {
  return digits.charCodeAt(at) - 0x30;
}

/** @see https://www.iso.org/standard/70484.html (ISO/IEC 7812-1, annex B) */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digitAt(digits, digits.length - 1 - i);
    const twice = i % 2 === 1 ? digit * 2 : digit;
    sum += twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}

export function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) sum += digitAt(digits, i) * (weights[i] ?? 0);
  return sum;
}

/** Digits as one number; longer than a double holds exactly. */
export function remainder(digits: string, divisor: number): number {
  let rest = 0;
  for (let i = 0; i < digits.length; i += 1) rest = (rest * 10 + digitAt(digits, i)) % divisor;
  return rest;
}

/** ISO 7064 MOD 11,10, where the last digit checks the others. */
export function iso7064Mod11Of10(digits: string): boolean {
  let product = 10;
  for (let i = 0; i < digits.length - 1; i += 1) {
    const sum = (digitAt(digits, i) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === digitAt(digits, digits.length - 1);
}

const VERHOEFF_PRODUCT = [
  "0123456789",
  "1234067895",
  "2340178956",
  "3401289567",
  "4012395678",
  "5987604321",
  "6598710432",
  "7659821043",
  "8765932104",
  "9876543210",
];
const VERHOEFF_TURN = [
  "0123456789",
  "1576283094",
  "5803796142",
  "8916043527",
  "9453126870",
  "4286573901",
  "2793806415",
  "7046913258",
];

/** @see https://en.wikipedia.org/wiki/Verhoeff_algorithm */
export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const turned = digitAt(VERHOEFF_TURN[i % 8] ?? "", digitAt(digits, digits.length - 1 - i));
    check = digitAt(VERHOEFF_PRODUCT[check] ?? "", turned);
  }
  return check === 0;
}

/** The last digit is what is missing to a multiple of 11; 10 and 11 are written as `ten`, 0. */
export function elevenCheck(digits: string, weights: readonly number[], ten: number): boolean {
  const missing = (11 - (weighted(digits, weights) % 11)) % 11;
  return (missing === 10 ? ten : missing) === digitAt(digits, weights.length);
}

/** `YYMMDD`, `DDMMYY` and the like: month and day that exist, the order given by offsets. */
export function isMonthDay(digits: string, monthAt: number, dayAt: number): boolean {
  const month = Number(digits.slice(monthAt, monthAt + 2));
  const day = Number(digits.slice(dayAt, dayAt + 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
