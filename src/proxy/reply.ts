import type { WireReply } from "./wire.ts";

/** Where the answer of one exchange goes: a socket, or another exchange that asked for it. */
export interface Reply {
  readonly bytes: number;
  /** Ended by us before its time. */
  readonly broken: boolean;
  readonly headSent: boolean;
  readonly gone: boolean;
  /** What the gate itself says in the head of an answer it lets through; flat `name, value, …`. */
  adorn(flat: readonly string[]): void;
  /** `flat`: `name, value, …`. */
  head(status: number, flat: string[]): void;
  /** Makes the head leave with this turn, whether or not some of the body does. */
  flushHead(): void;
  /** False: stop until `onDrain` calls. */
  write(chunk: Uint8Array, onDrain: () => void): boolean;
  writeLast(chunk: Uint8Array): void;
  /** `trailers`: flat `name, value, …`. */
  end(trailers: readonly string[] | undefined): void;
  /** Told once when the client left before it had everything. */
  onGone(listener: () => void): void;
  /** A broken connection is the only honest end where the wire has no terminal error. */
  destroy(): void;
  /** Never a clean end, which clients take for success. */
  breakOff(farewell: Uint8Array | undefined): void;
  /** A refusal, complete. Only before the head is sent. */
  refuse(reply: WireReply, closeAfter: boolean): void;
}
