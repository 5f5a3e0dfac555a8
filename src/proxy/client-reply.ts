/** The agent's side of one exchange: writes a head once, bytes with backpressure, one end. */
import type { ServerResponse } from "node:http";
import type { Reply } from "./reply.ts";
import type { WireReply } from "./wire.ts";

export class ClientReply implements Reply {
  bytes = 0;
  /** Ended by us before its time. */
  broken = false;
  readonly #response: ServerResponse;
  readonly #exchange: string;
  readonly #readStall: number;
  #adornments: readonly string[] = [];

  constructor(response: ServerResponse, exchange: string, readStall: number) {
    this.#response = response;
    this.#exchange = exchange;
    this.#readStall = readStall;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  /** Also where the parser has refused what follows on the connection, and said so. */
  get gone(): boolean {
    const { destroyed, socket, writableFinished } = this.#response;
    return !writableFinished && (destroyed || socket?.writable === false);
  }

  /** What the gate itself says in the head of an answer it lets through; flat `name, value, …`. */
  adorn(flat: readonly string[]): void {
    this.#adornments = [...this.#adornments, ...flat];
  }

  /** `flat`: `name, value, …`. */
  head(status: number, flat: string[]): void {
    flat.push(...this.#adornments, "x-sallyport-exchange", this.#exchange);
    this.#response.writeHead(status, flat);
  }

  /** Makes the head leave with this turn, together with what comes of the body until its end. */
  flushHead(): void {
    process.nextTick(() => {
      const { destroyed, writableEnded } = this.#response;
      if (this.bytes === 0 && !destroyed && !writableEnded) this.#response.flushHeaders();
    });
  }

  /** False: stop until `onDrain` calls. A client that takes nothing for too long is dropped. */
  write(chunk: Uint8Array, onDrain: () => void): boolean {
    this.bytes += chunk.length;
    if (this.#response.write(chunk)) return true;
    const stalled = setTimeout(() => this.#response.destroy(), this.#readStall);
    const freed = (): void => {
      clearTimeout(stalled);
      this.#response.off("drain", freed).off("close", freed);
      onDrain();
    };
    this.#response.once("drain", freed).once("close", freed);
    return false;
  }

  writeLast(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#response.end(chunk);
  }

  /** `trailers`: flat `name, value, …`. */
  end(trailers: readonly string[] | undefined): void {
    if (trailers !== undefined) this.#response.addTrailers(pairs(trailers));
    this.#response.end();
  }

  /** Told once when the client left before it had everything. */
  onGone(listener: () => void): void {
    this.#response.once("close", () => {
      if (!this.#response.writableFinished) listener();
    });
  }

  /** A broken connection is the only honest end where the wire has no terminal error. */
  destroy(): void {
    this.broken = true;
    this.#response.destroy();
  }

  /** Never a clean end, which clients take for success. */
  breakOff(farewell: Uint8Array | undefined): void {
    if (farewell === undefined) this.destroy();
    else this.writeLast(farewell);
  }

  /** A refusal, complete. Only before the head is sent. */
  refuse(reply: WireReply, closeAfter: boolean): void {
    const body = Buffer.from(reply.body);
    const flat: string[] = [];
    for (const name in reply.headers) flat.push(name, reply.headers[name] ?? "");
    flat.push("content-length", String(body.length), "x-sallyport-exchange", this.#exchange);
    if (closeAfter) flat.push("connection", "close");
    this.#response.writeHead(reply.status, flat);
    this.#response.end(body);
    this.bytes += body.length;
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) list.push([flat[i] ?? "", flat[i + 1] ?? ""]);
  return list;
}
