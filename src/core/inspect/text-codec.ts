/** Text bodies in the charsets that can be cut at any byte and written back: UTF-8, UTF-16, 8 bit. */

export type Charset = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

export interface TextCodec {
  /** The text that is complete so far, with exactly its bytes. */
  decode(chunk: Uint8Array): Piece;
  /** What is left: an incomplete sequence. */
  flush(): Piece;
  encode(text: string): Uint8Array;
}

export interface Piece {
  readonly bytes: Uint8Array;
  readonly text: string;
}

const LABELS: Readonly<Record<string, Charset>> = {
  "utf-8": "utf-8",
  utf8: "utf-8",
  "us-ascii": "utf-8",
  ascii: "utf-8",
  "utf-16": "utf-16le",
  "utf-16le": "utf-16le",
  "utf-16be": "utf-16be",
  "iso-8859-1": "windows-1252",
  "iso-8859-15": "windows-1252",
  latin1: "windows-1252",
  "windows-1252": "windows-1252",
};

const EMPTY = new Uint8Array(0);

/** UTF-8 where nothing is said; `undefined` for a charset that is not read here. */
export function charsetOf(contentType: string): Charset | undefined {
  const label = /charset\s*=\s*"?([\w-]{1,40})/.exec(contentType)?.[1];
  return label === undefined ? "utf-8" : LABELS[label.toLowerCase()];
}

export function createTextCodec(declared: Charset): TextCodec {
  let charset = declared;
  let first = true;
  let rest: Uint8Array = EMPTY;
  let decoder = new TextDecoder(charset, { ignoreBOM: true });
  return {
    decode(chunk) {
      const bytes = rest.length === 0 ? chunk : joined(rest, chunk);
      if (first && bytes.length > 1) {
        first = false;
        charset = marked(bytes) ?? declared;
        decoder = new TextDecoder(charset, { ignoreBOM: true });
      }
      const whole = wholeLength(bytes, charset);
      rest = whole === bytes.length ? EMPTY : new Uint8Array(bytes.subarray(whole));
      const taken = whole === bytes.length ? bytes : bytes.subarray(0, whole);
      return { bytes: taken, text: decoder.decode(taken) };
    },
    flush() {
      const bytes = rest;
      rest = EMPTY;
      return { bytes, text: bytes.length === 0 ? "" : decoder.decode(bytes) };
    },
    encode: (text) => encode(text, charset),
  };
}

/** A byte order mark wins over the content type. @see https://encoding.spec.whatwg.org/#decode */
function marked(bytes: Uint8Array): Charset | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? "utf-8" : undefined;
}

/** Length without a sequence that its last bytes only begin. */
function wholeLength(bytes: Uint8Array, charset: Charset): number {
  const { length } = bytes;
  switch (charset) {
    case "windows-1252":
      return length;
    case "utf-16le":
    case "utf-16be":
      return length - (length % 2);
    case "utf-8":
      for (let back = 1; back <= Math.min(3, length); back += 1) {
        const byte = bytes[length - back] ?? 0;
        if (byte < 0x80) return length;
        if (byte >= 0xc0) return sequenceLength(byte) > back ? length - back : length;
      }
      return length;
  }
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

function encode(text: string, charset: Charset): Uint8Array {
  switch (charset) {
    case "utf-8":
      return new TextEncoder().encode(text);
    case "utf-16le":
    case "utf-16be":
      return encodeUtf16(text, charset === "utf-16le");
    case "windows-1252":
      return Uint8Array.from(text, (char) => WINDOWS_1252.get(char) ?? QUESTION_MARK);
  }
}

function encodeUtf16(text: string, little: boolean): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i += 1) view.setUint16(i * 2, text.charCodeAt(i), little);
  return bytes;
}

const QUESTION_MARK = 0x3f;
const WINDOWS_1252: ReadonlyMap<string, number> = new Map(
  Array.from(
    new TextDecoder("windows-1252").decode(Uint8Array.from({ length: 256 }, (_, i) => i)),
  ).map((char, byte) => [char, byte] as const),
);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
