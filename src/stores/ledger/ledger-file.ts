import { closeSync, constants, openSync, readSync, write, writeSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { systemCodeOf } from "../../lib/caught.ts";
import { BLOCK_BYTES, wholeBlocks } from "./ledger-layout.ts";

/** One write at a time; `zero` may go on beside it. */
export interface LedgerFile {
  /**
   * All of it is on the disk when this resolves, with zeros behind it to the end of its block. After
   * a rejection, any part of it may be.
   */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** The same, while the event loop waits. Throws where `write` rejects. */
  writeNow(bytes: Uint8Array, offset: number): void;
  /** Fills whole blocks with zeros. Durable, like `write`. */
  zero(offset: number, length: number): Promise<void>;
  /** Durable, like `write`. */
  truncate(length: number): Promise<void>;
  /** Whether its directory still names it: what is written to a removed file is lost. */
  isNamed(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * One `pwrite` under O_DSYNC instead of a write and an `fdatasync`: one trip to the thread pool,
 * the event loop never waits. Measured as fast as any pair of calls, at less CPU.
 */
const DURABLY = constants.O_RDWR | constants.O_DSYNC;

/**
 * Past the page cache, in which nobody looks for it: finding pages, filling them and handing them on
 * is half of what a commit costs the kernel. Systems that do not know the flag have no constant.
 */
const DIRECTLY = DURABLY | constants.O_DIRECT;

const OWNER_ONLY_FILE = 0o600;

/** What one call writes at most, of records and of zeros: more than a crowd's commit needs. */
const PIECE_BYTES = 256 * 1024;
const ZERO_BYTES = 1024 * 1024;

/** Creates the file where it is missing. */
export async function openLedgerFile(path: string): Promise<LedgerFile> {
  const opened = (flags: number): Promise<FileHandle> =>
    open(path, flags | constants.O_CREAT, OWNER_ONLY_FILE);
  const handle = await opened(DIRECTLY).catch((error: unknown) => {
    if (!isRefusedDirectly(error)) throw error;
    return opened(DURABLY);
  });
  return new DurableFile(path, handle);
}

/** By a file system that has no way past the cache, or wants larger blocks than ours. */
function isRefusedDirectly(error: unknown): boolean {
  return systemCodeOf(error) === "EINVAL";
}

/** Memory that begins with a page, as the way past the cache wants it: V8 maps what may be resized. */
function pages(bytes: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(bytes, { maxByteLength: bytes }), 0, bytes);
}

/** Nothing is ever written to it, so it has no memory of its own. */
const zeros = pages(ZERO_BYTES);

interface Staged {
  /** Where the piece goes in the file: the beginning of a block. */
  readonly start: number;
  /** The new bytes in the piece. */
  readonly from: number;
  readonly to: number;
}

/**
 * Writes whole blocks: what stands before the new bytes in the first of them is kept, and written
 * once more.
 */
class DurableFile implements LedgerFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  /** The same file by way of the page cache, once the way past it was refused or broke off. */
  #cached: number | undefined;
  readonly #piece = pages(PIECE_BYTES);
  /** The place in the file of the block that stands at the beginning of `#piece`. */
  #kept: number | undefined;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { start, from, to } = this.#stage(bytes, done, offset + done);
      await this.#put(this.#piece, wholeBlocks(to), start);
      this.#keep(start, to);
      done += to - from;
    }
  }

  writeNow(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length;) {
      const { start, from, to } = this.#stage(bytes, done, offset + done);
      this.#putNow(wholeBlocks(to), start);
      this.#keep(start, to);
      done += to - from;
    }
  }

  async zero(offset: number, length: number): Promise<void> {
    for (let done = 0; done < length; done += ZERO_BYTES) {
      await this.#put(zeros, Math.min(length - done, ZERO_BYTES), offset + done);
    }
  }

  async truncate(length: number): Promise<void> {
    this.#kept = undefined;
    await this.#handle.truncate(length);
    await this.#handle.datasync();
  }

  async isNamed(): Promise<boolean> {
    return (await this.#handle.stat()).nlink > 0;
  }

  async close(): Promise<void> {
    if (this.#cached !== undefined) closeSync(this.#cached);
    this.#cached = undefined;
    await this.#handle.close();
  }

  /** Puts as many of the bytes from `done` on as there is room for behind the kept ones. */
  #stage(bytes: Uint8Array, done: number, at: number): Staged {
    const from = at % BLOCK_BYTES;
    const start = at - from;
    if (from > 0 && this.#kept !== start) this.#readBlock(start);
    this.#kept = undefined;
    const to = Math.min(from + bytes.length - done, PIECE_BYTES);
    this.#piece.set(bytes.subarray(done, done + to - from), from);
    this.#piece.fill(0, to, wholeBlocks(to));
    return { start, from, to };
  }

  /** The block that the next bytes go on in, of a piece that is written up to `to`. */
  #keep(start: number, to: number): void {
    const kept = to % BLOCK_BYTES;
    if (kept === 0) return;
    this.#piece.copyWithin(0, to - kept, to - kept + BLOCK_BYTES);
    this.#kept = start + to - kept;
  }

  #readBlock(start: number): void {
    const read = readSync(this.#cached ?? this.#handle.fd, this.#piece, 0, BLOCK_BYTES, start);
    this.#piece.fill(0, read, BLOCK_BYTES);
  }

  async #put(piece: Uint8Array, length: number, start: number): Promise<void> {
    let done = 0;
    if (this.#cached === undefined) {
      done = await writeSome(this.#handle.fd, piece, { done, length, start }).catch(noneIfRefused);
    }
    while (done < length) {
      const written = await writeSome(this.#throughCache(), piece, { done, length, start });
      if (written === 0) throw new Error(TOOK_NOTHING);
      done += written;
    }
  }

  #putNow(length: number, start: number): void {
    let done = 0;
    if (this.#cached === undefined) done = this.#putDirectly(length, start);
    while (done < length) {
      const [fd, at] = [this.#throughCache(), start + done];
      const written = writeSync(fd, this.#piece, done, length - done, at);
      if (written === 0) throw new Error(TOOK_NOTHING);
      done += written;
    }
  }

  #putDirectly(length: number, start: number): number {
    try {
      return writeSync(this.#handle.fd, this.#piece, 0, length, start);
    } catch (error) {
      return noneIfRefused(error);
    }
  }

  /** Writes any length at any place, and so also what is left of a write that broke off. */
  #throughCache(): number {
    this.#cached ??= openSync(this.#path, DURABLY);
    return this.#cached;
  }
}

const TOOK_NOTHING = "the disk took no bytes";

/** How many bytes were written. */
function noneIfRefused(error: unknown): 0 {
  if (isRefusedDirectly(error)) return 0;
  throw error;
}

interface Part {
  /** Of the piece: written already, and to be written. */
  readonly done: number;
  readonly length: number;
  /** Of the piece in the file. */
  readonly start: number;
}

/** The callback form: half the cost of `FileHandle.write`, which makes an object per call. */
function writeSome(fd: number, piece: Uint8Array, { done, length, start }: Part): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, piece, done, length - done, start + done, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}
