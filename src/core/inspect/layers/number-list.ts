/** Characters written as numbers: `73 103 110`, `0x49 0x67`, `01001001 01100111`, `\111\147`, Morse. */

/** Numbers in a row that say something. */
const NUMBERS_MIN = 12;
/** Of what comes out, letters and spaces. */
const LETTERS_SHARE = 0.8;
/** One number, and what may stand between two. */
const TOKENS = /(?:0x|\\x|\\|%u|u\+|&#x?)?([0-9a-f]{1,8})([^0-9a-z]{1,4}|$)/giy;
const TOKEN_HEAD = /(?<![0-9a-z])(?:0x|\\x|\\|u\+)?[0-9a-f]{2,8}[^0-9a-z]{1,4}/gi;

interface Base {
  readonly radix: number;
  readonly digits: RegExp;
}

const BASES: readonly Base[] = [
  { radix: 2, digits: /^[01]{7,8}$/ },
  { radix: 10, digits: /^\d{2,3}$/ },
  { radix: 16, digits: /^[0-9a-f]{2}$/i },
  { radix: 8, digits: /^[0-7]{2,3}$/ },
];

/** The first row of numbers that is text. */
export function fromNumbers(text: string): string | undefined {
  TOKEN_HEAD.lastIndex = 0;
  for (let head = TOKEN_HEAD.exec(text); head !== null; head = TOKEN_HEAD.exec(text)) {
    const row = readRow(text, head.index);
    if (row.numbers.length >= NUMBERS_MIN) {
      const plain = plainOf(row.numbers);
      if (plain !== undefined) return plain;
    }
    TOKEN_HEAD.lastIndex = Math.max(row.end, head.index + 1);
  }
  return undefined;
}

function readRow(text: string, start: number) {
  const numbers: string[] = [];
  let end = start;
  TOKENS.lastIndex = start;
  for (let token = TOKENS.exec(text); token !== null; token = TOKENS.exec(text)) {
    const [, digits = "", gap = ""] = token;
    numbers.push(digits);
    end = TOKENS.lastIndex - gap.length;
  }
  return { numbers, end };
}

function plainOf(numbers: readonly string[]): string | undefined {
  for (const { radix, digits } of BASES) {
    if (!numbers.every((number) => digits.test(number))) continue;
    const codes = numbers.map((number) => Number.parseInt(number, radix));
    const text = String.fromCharCode(...codes);
    const letters = text.match(/[a-z ]/gi)?.length ?? 0;
    if (letters >= LETTERS_SHARE * codes.length) return text;
  }
  return undefined;
}

const MORSE =
  ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..";
const morseLetters = new Map(
  MORSE.split(" ").map((code, i) => [code, String.fromCharCode(0x61 + i)]),
);
const MORSE_ROW = /(?:[.-]{1,5}[ /|\n]{1,5}){12,}[.-]{0,5}/g;

export function fromMorse(text: string): string | undefined {
  const rows = text.match(MORSE_ROW);
  if (rows === null) return undefined;
  return rows
    .map((row) =>
      row
        .split(/\s*[/|\n]\s*|\s{3,}/)
        .map((word) =>
          word
            .split(" ")
            .map((code) => morseLetters.get(code) ?? "")
            .join(""),
        )
        .join(" "),
    )
    .join("\n");
}
