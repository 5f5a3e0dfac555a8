/** Letters that are doubled, drawn out, or replaced by signs. */

const SIGNS: Readonly<Record<string, string>> = { "@": "a", $: "s", "!": "i", "|": "l", "(": "c" };
const SIGN_IN_WORD =
  /(?<=[a-z0-9@$!|])[@$!|(](?=[a-z0-9@$!|])|(?<![a-z0-9])[@$!|](?=[a-z0-9@$!])/gi;
const DRAWN_OUT = /([a-z])\1{2,16}/gi;
const TWICE = /([a-z])\1/gi;
const WORD = /[a-z]{4,80}/gi;
/** Of the letters that a doubled word has, those that stand twice. */
const TWICE_SHARE = 0.7;

/** `IIggnnoorree`, and `ignooore`: nobody knows which of the two was meant. */
export function undoubled(text: string): string {
  const halved = text.replace(WORD, (word) => {
    return lettersTwice(word) >= TWICE_SHARE * word.length ? word.replace(TWICE, "$1") : word;
  });
  const shortened = text.replace(DRAWN_OUT, "$1");
  return halved === text ? shortened : `${halved}\n${shortened}`;
}

/** As many as the pattern would find: of a word, whatever its case. */
function lettersTwice(word: string): number {
  let twice = 0;
  for (let i = 0; i + 1 < word.length; i += 1) {
    if ((word.charCodeAt(i) | 0x20) !== (word.charCodeAt(i + 1) | 0x20)) continue;
    twice += 2;
    i += 1;
  }
  return twice;
}

/** `!gn0r3`, `p@$$word`: digits are read as letters anyway. */
export function unsigned(text: string): string {
  return text.replace(SIGN_IN_WORD, (sign) => SIGNS[sign] ?? sign);
}
