/**
 * Where the answer goes of a call whose client takes tasks: to the client, and from the moment at
 * which it has taken too long to a task, of which the client is told instead. An answer that has
 * begun as one document is let come.
 */
import { Buffer } from "node:buffer";
import type { Millis } from "../../../core/units.ts";
import type { Reply } from "../../reply.ts";
import type { WireReply } from "../../wire.ts";
import { readMessages } from "../era/answer-reader.ts";
import { InnerReply } from "../inner/inner-reply.ts";
import type { TaskableCall } from "./begin-task.ts";
import type { BegunTask, TaskDesk } from "./task-desk.ts";
import { createdText } from "./task-words.ts";

const EVENT_END = /\n\n$|\r\n\r\n$|\r\r$/;
const TAIL_BYTES = 4;
const JSON_TYPE = { "content-type": "application/json" };

export class SlowCall implements Reply {
  readonly #call: TaskableCall;
  readonly #client: Reply;
  readonly #tasks: Pick<TaskDesk, "begin" | "cancel">;
  readonly #timer: NodeJS.Timeout;
  readonly #goneListeners: (() => void)[] = [];
  /** The client's, until it hears of a task. */
  #to: Reply;
  #head: { readonly status: number; readonly flat: string[] } | undefined;
  /** The last bytes: whether they end an event. */
  #tail = "";
  /** Answered, or nobody waits for it. */
  #over = false;

  constructor(
    call: TaskableCall,
    client: Reply,
    after: Millis,
    tasks: Pick<TaskDesk, "begin" | "cancel">,
  ) {
    this.#call = call;
    this.#client = client;
    this.#tasks = tasks;
    this.#to = client;
    this.#timer = setTimeout(() => void this.#become(), after).unref();
    client.onGone(() => {
      if (this.#to === client) this.#tellGone();
    });
  }

  get bytes(): number {
    return this.#to === this.#client ? this.#client.bytes : this.#client.bytes + this.#to.bytes;
  }

  get broken(): boolean {
    return this.#to.broken;
  }

  get headSent(): boolean {
    return this.#to.headSent;
  }

  get gone(): boolean {
    return this.#to.gone;
  }

  adorn(flat: readonly string[]): void {
    this.#to.adorn(flat);
  }

  head(status: number, flat: string[]): void {
    this.#head = { status, flat: [...flat] };
    this.#to.head(status, flat);
  }

  flushHead(): void {
    this.#to.flushHead();
  }

  write(chunk: Uint8Array, onDrain: () => void): boolean {
    const end = Buffer.from(chunk.subarray(-TAIL_BYTES)).toString("latin1");
    this.#tail = (this.#tail + end).slice(-TAIL_BYTES);
    return this.#to.write(chunk, onDrain);
  }

  writeLast(chunk: Uint8Array): void {
    this.#settle();
    this.#to.writeLast(chunk);
  }

  end(trailers: readonly string[] | undefined): void {
    this.#settle();
    this.#to.end(trailers);
  }

  onGone(listener: () => void): void {
    this.#goneListeners.push(listener);
  }

  destroy(): void {
    this.#settle();
    this.#to.destroy();
  }

  breakOff(farewell: Uint8Array | undefined): void {
    this.#settle();
    this.#to.breakOff(farewell);
  }

  refuse(reply: WireReply, closeAfter: boolean): void {
    this.#settle();
    this.#to.refuse(reply, closeAfter);
  }

  /** The task is stored before its client hears of it, and taken back if the answer was quicker. */
  async #become(): Promise<void> {
    if (!this.#mayBecome()) return;
    const { question, principal, upstream, call } = this.#call;
    const begun = await this.#tasks.begin({ principal, upstream, call });
    if (begun === undefined) return;
    if (!this.#mayBecome()) return void this.#tasks.cancel(begun.task).catch(() => undefined);
    this.#hand(begun);
    const created = createdText(begun.task, question.id, question.era);
    if (this.#head === undefined) {
      this.#client.refuse({ status: 200, headers: JSON_TYPE, body: created }, false);
    } else this.#client.writeLast(Buffer.from(`event: message\ndata: ${created}\n\n`));
  }

  #mayBecome(): boolean {
    if (this.#over || this.#client.gone) return false;
    if (!this.#client.headSent) return true;
    return isStream(this.#head?.flat) && (this.#tail === "" || EVENT_END.test(this.#tail));
  }

  #hand({ run }: BegunTask): void {
    const head = this.#head;
    run.asking = readMessages((reader) => {
      const inner = new InnerReply(reader);
      inner.onGone(() => this.#tellGone());
      if (head !== undefined) inner.head(head.status, head.flat);
      this.#to = inner;
    }, run);
  }

  #settle(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #tellGone(): void {
    this.#settle();
    for (const listener of this.#goneListeners.splice(0)) listener();
  }
}

function isStream(flat: readonly string[] | undefined = []): boolean {
  const at = flat.findIndex((name, index) => index % 2 === 0 && name === "content-type");
  return /^text\/event-stream\b/i.test(flat[at + 1] ?? "");
}
