import { HASH_CHARS, LINE_CLOSE, LINE_MIDDLE, LINE_OPEN } from "../../core/ledger/record-chain.ts";
import { linkText, type ChainHead } from "../../core/ledger/record-chain.ts";
import type { Digest } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";

/** Room for the commits of a crowd. Larger ones get a buffer of their own. */
const KEPT_BYTES = 512 * 1024;
/** A UTF-16 unit takes at most so many in UTF-8. */
const BYTES_PER_UNIT = 3;
/** What a line has beside its body: hash, link, braces. */
const LINE_BYTES_MAX = 512;

/** Before the record: the hash is filled in once the record stands. */
const HEAD = Buffer.from(LINE_OPEN + "0".repeat(HASH_CHARS) + LINE_MIDDLE);
const TAIL = `${LINE_CLOSE}\n`;

/**
 * The lines of one commit after the other, in the same place: a new buffer for each had to be
 * allocated outside the heap, filled with pages and swept, an eighth of what a commit cost. Each
 * body is written once, and hashed where it stands.
 */
export class BatchBytes {
  readonly #writer: string;
  #kept: Buffer<ArrayBuffer> | undefined;
  #buffer: Buffer<ArrayBuffer> = Buffer.alloc(0);
  #length = 0;

  constructor(writer: string) {
    this.#writer = writer;
  }

  /** A new commit, of so many records whose bodies have so many UTF-16 units. */
  begin(records: number, units: number): void {
    const room = units * BYTES_PER_UNIT + records * LINE_BYTES_MAX;
    this.#length = 0;
    if (room > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(room);
    else this.#buffer = this.#kept ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
  }

  /**
   * Puts a record at the end of the chain and answers with its hash, which covers the record's
   * bytes as they stand in the line: verifying never serialises anything again. `body` is the
   * canonical JSON without the closing brace; all its keys sort before `prev`, so the whole is
   * canonical by construction.
   */
  add(body: string, head: ChainHead): Digest {
    const buffer = this.#buffer;
    const line = this.#length;
    const record = line + HEAD.length;
    buffer.set(HEAD, line);
    let end = record + buffer.write(body, record);
    end += buffer.write(linkText(head, this.#writer), end, "latin1");
    const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + record, end - record);
    const hash = sha256Hex<Digest>(bytes);
    buffer.write(hash, line + LINE_OPEN.length, "latin1");
    this.#length = end + buffer.write(TAIL, end, "latin1");
    return hash;
  }

  /** Valid until the next commit begins. */
  get written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}
