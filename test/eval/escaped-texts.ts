/** Ordinary text in the escapes of programs and pages: to be written so is no sign of anything. */

const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, "0");

const WAYS: readonly ((text: string) => string)[] = [
  each((char) => `\\x${hex(char)}`),
  each((char) => `\\u00${hex(char)}`),
  each((char) => `&#x${hex(char)};`),
  each((char) => `&#${char.charCodeAt(0)};`),
  each((char) => `%${hex(char).toUpperCase()}`),
  each((char) => `${char} `),
  each((char) => `${hex(char)} `),
  (text) => Array.from(text).toReversed().join(""),
  (text) => text.replace(/\S+/g, (word) => Array.from(word).toReversed().join("")),
];

function each(write: (char: string) => string): (text: string) => string {
  return (text) => Array.from(text, (char) => (char < "\u0080" ? write(char) : char)).join("");
}

export function escapedTexts(texts: readonly string[]): readonly string[] {
  return texts.map((text, i) => (WAYS[i % WAYS.length] ?? String)(text));
}
