/** A disk that fails at the n-th call of one kind, in one of the ways that disks do. */
import type { LedgerFile } from "../../src/stores/ledger/ledger-file.ts";
import { diskFiles, type LedgerFiles } from "../../src/stores/ledger/ledger-files.ts";

export type DiskCall = "write" | "truncate" | "open" | "sync_directory" | "make_directory" | "list";

/** What a failing write leaves behind: nothing, a part, or all of it. */
export type Remains = "nothing" | "half" | "all";

export interface FailurePlan {
  readonly call: DiskCall;
  /** Counted from 1, over all files. */
  readonly from: number;
  /** How many calls of that kind fail; then the disk is back. */
  readonly count: number;
  readonly remains?: Remains;
}

export class FailingFiles implements LedgerFiles {
  readonly calls: Record<DiskCall, number> = {
    write: 0,
    truncate: 0,
    open: 0,
    sync_directory: 0,
    make_directory: 0,
    list: 0,
  };
  plan: FailurePlan | undefined;

  list(directory: string): Promise<readonly string[]> {
    return this.#attempt("list", () => diskFiles.list(directory));
  }

  size(path: string): Promise<number> {
    return diskFiles.size(path);
  }

  read(path: string): Promise<Buffer> {
    return diskFiles.read(path);
  }

  makeDirectory(path: string): Promise<void> {
    return this.#attempt("make_directory", () => diskFiles.makeDirectory(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#attempt("sync_directory", () => diskFiles.syncDirectory(path));
  }

  async open(path: string): Promise<LedgerFile> {
    const file = await this.#attempt("open", () => diskFiles.open(path));
    return {
      write: (bytes, offset) =>
        this.#attempt(
          "write",
          () => file.write(bytes, offset),
          () => this.#leave(file, bytes, offset),
        ),
      zero: (offset, length) => this.#attempt("write", () => file.zero(offset, length)),
      writeNow: (bytes, offset) => this.#attemptNow(file, bytes, offset),
      truncate: (length) => this.#attempt("truncate", () => file.truncate(length)),
      isNamed: () => file.isNamed(),
      close: () => file.close(),
    };
  }

  async #attempt<T>(
    call: DiskCall,
    work: () => Promise<T>,
    onFailure: () => void = () => {},
  ): Promise<T> {
    if (!this.#fails(call)) return work();
    onFailure();
    throw noSpace();
  }

  #attemptNow(file: LedgerFile, bytes: Uint8Array, offset: number): void {
    if (!this.#fails("write")) return file.writeNow(bytes, offset);
    this.#leave(file, bytes, offset);
    throw noSpace();
  }

  #fails(call: DiskCall): boolean {
    this.calls[call] += 1;
    const { plan } = this;
    const turn = plan === undefined ? -1 : this.calls[call] - plan.from;
    return plan?.call === call && turn >= 0 && turn < plan.count;
  }

  #leave(file: LedgerFile, bytes: Uint8Array, offset: number): void {
    if (this.plan?.remains === "half") file.writeNow(bytes.subarray(0, bytes.length / 2), offset);
    if (this.plan?.remains === "all") file.writeNow(bytes, offset);
  }
}

function noSpace(): Error {
  return Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
}
