/**
 * What a TLS client says of itself before anything is encrypted. Strict: what two readers could
 * read differently is no hello, for the server behind would decide by its own reading.
 *
 * @see RFC 8446 §4.1.2, §5.1; RFC 6066 §3; RFC 9849 (encrypted ClientHello)
 */

/** Of the records that carry it; those of browsers with post-quantum shares have some 2 KB. */
export const HELLO_BYTES_MAX = 16_384;
/** A hello in more pieces is cut up on purpose. */
export const HELLO_RECORDS_MAX = 64;

export type HelloReading =
  /** Nothing is wrong so far. */
  | { readonly kind: "incomplete" }
  | {
      readonly kind: "hello";
      /** Lower case; undefined: it names none. */
      readonly serverName: string | undefined;
      /** Whether it carries another one that only the server can read. */
      readonly hidesAnother: boolean;
    }
  | { readonly kind: "problem"; readonly message: string };

const INCOMPLETE: HelloReading = { kind: "incomplete" };
const problem = (message: string): HelloReading => ({ kind: "problem", message });
const NOT_TLS = problem("it does not begin with a TLS ClientHello");

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const TLS_MAJOR = 3;
const RECORD_HEAD = 5;
const RECORD_BYTES_MAX = 16_384;
const MESSAGE_HEAD = 4;

/** `bytes`: all that the client has sent so far. */
export function readClientHello(bytes: Uint8Array): HelloReading {
  const message = new Uint8Array(Math.min(bytes.length, HELLO_BYTES_MAX));
  let gathered = 0;
  let at = 0;
  for (let records = 0; ; records += 1) {
    if (at >= bytes.length) return bytes.length > HELLO_BYTES_MAX ? TOO_LONG : INCOMPLETE;
    if (records >= HELLO_RECORDS_MAX) return problem("its ClientHello comes in too many records");
    if (bytes[at] !== HANDSHAKE) return NOT_TLS;
    if (at + 1 < bytes.length && bytes[at + 1] !== TLS_MAJOR) return NOT_TLS;
    if (at + RECORD_HEAD > bytes.length) return INCOMPLETE;
    const length = uint16(bytes, at + 3);
    if (length === 0 || length > RECORD_BYTES_MAX) return NOT_TLS;
    if (at + length > HELLO_BYTES_MAX) return TOO_LONG;
    const piece = bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length);
    message.set(piece, gathered);
    gathered += piece.length;
    if (message[0] !== CLIENT_HELLO && gathered > 0) return NOT_TLS;
    const whole = gathered < MESSAGE_HEAD ? Infinity : MESSAGE_HEAD + uint24(message, 1);
    if (whole !== Infinity && whole > HELLO_BYTES_MAX) return TOO_LONG;
    if (gathered >= whole && piece.length === length) {
      // What followed would be read as a second message, by some.
      if (gathered > whole) return problem("more than a ClientHello is in its first records");
      return readBody(new Fields(message.subarray(MESSAGE_HEAD, whole)));
    }
    if (piece.length < length) return INCOMPLETE;
    at += RECORD_HEAD + length;
  }
}

const TOO_LONG = problem(`its ClientHello is longer than ${HELLO_BYTES_MAX} bytes`);
const MALFORMED = problem("its ClientHello is malformed");

const RANDOM_BYTES = 32;
const SESSION_ID_BYTES_MAX = 32;
const SERVER_NAME = 0;
/** `encrypted_client_hello`, and what drafts of it used. */
const HIDING: ReadonlySet<number> = new Set([0xfe0d, 0xffce]);

function readBody(body: Fields): HelloReading {
  const version = body.take(2);
  const random = body.take(RANDOM_BYTES);
  const session = body.vector(1);
  const ciphers = body.vector(2);
  const compressions = body.vector(1);
  if (version?.[0] !== TLS_MAJOR || random === undefined) return MALFORMED;
  if (session === undefined || session.length > SESSION_ID_BYTES_MAX) return MALFORMED;
  if (ciphers === undefined || ciphers.length === 0 || ciphers.length % 2 !== 0) return MALFORMED;
  if (compressions === undefined || compressions.length === 0) return MALFORMED;
  // TLS 1.0 to 1.2 may have no extensions at all.
  if (body.left === 0) return { kind: "hello", serverName: undefined, hidesAnother: false };
  const extensions = body.vector(2);
  if (extensions === undefined || body.left > 0) return MALFORMED;
  return readExtensions(new Fields(extensions));
}

function readExtensions(extensions: Fields): HelloReading {
  const seen = new Set<number>();
  let serverName: string | undefined;
  let hidesAnother = false;
  while (extensions.left > 0) {
    const type = extensions.take(2);
    const content = extensions.vector(2);
    if (type === undefined || content === undefined) return MALFORMED;
    const number = uint16(type, 0);
    if (seen.has(number)) return MALFORMED;
    seen.add(number);
    if (HIDING.has(number)) hidesAnother = true;
    if (number !== SERVER_NAME) continue;
    serverName = nameIn(new Fields(content));
    if (serverName === undefined) return problem("its server_name is malformed");
  }
  return { kind: "hello", serverName, hidesAnother };
}

const HOST_NAME = 0;
/** RFC 6066 wants no last dot; an underscore is in use. */
const NAME = /^(?!.*\.$)[A-Za-z0-9_.-]{1,253}$/;

function nameIn(list: Fields): string | undefined {
  const entries = list.vector(2);
  if (entries === undefined || list.left > 0) return undefined;
  const entry = new Fields(entries);
  const type = entry.take(1);
  const name = entry.vector(2);
  // Of two names one server would take the first, another the last.
  if (type?.[0] !== HOST_NAME || name === undefined || entry.left > 0) return undefined;
  const text = String.fromCharCode(...name);
  return NAME.test(text) ? text.toLowerCase() : undefined;
}

/** Reads on and on; undefined where there is not that much. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array | undefined {
    if (length > this.left) return undefined;
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  /** What follows its own length, which has so many bytes. */
  vector(lengthBytes: 1 | 2): Uint8Array | undefined {
    const length = this.take(lengthBytes);
    if (length === undefined) return undefined;
    return this.take(lengthBytes === 1 ? (length[0] ?? 0) : uint16(length, 0));
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | uint16(bytes, at + 1);
}
