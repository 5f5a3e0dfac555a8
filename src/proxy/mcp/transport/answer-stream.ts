/**
 * The upstream's half of an exchange that no HTTP server answers: what a process, an event stream
 * or a bridge has to say leaves as the response of one HTTP request.
 */
import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { JsonValue } from "../../../core/json.ts";
import { oneLine } from "./one-line.ts";

/** What an agent that does not read may leave behind, in bytes, before its answer is given up. */
const UNREAD_BYTES_MAX = 8 * 1024 * 1024;

const JSON_HEAD = { "content-type": "application/json" };
const EVENT_HEAD = { "content-type": "text/event-stream", "cache-control": "no-cache" };

export class AnswerStream implements Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  /** Whether the head is gone, and events may follow. */
  streaming = false;
  /** No more can be said. */
  over = false;
  /** Beside the content type, on whatever head goes out. */
  headers: IncomingHttpHeaders = {};
  readonly #handler: Dispatcher.DispatchHandler;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #ending = false;
  #onGone: () => void = () => {};

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
    handler.onRequestStart?.(this, undefined);
  }

  /** Told once when the agent, or a limit of the exchange, ended it. */
  onGone(listener: () => void): void {
    this.#onGone = listener;
  }

  /** The whole answer as one JSON document. `json` is its text. */
  reply(status: number, json: string): void {
    if (this.over) return;
    this.#handler.onResponseStart?.(this, status, { ...JSON_HEAD, ...this.headers });
    this.#push(Buffer.from(json));
    this.end();
  }

  /** An answer without a body. */
  status(status: number): void {
    if (this.over) return;
    this.#handler.onResponseStart?.(this, status, { ...this.headers, "content-length": "0" });
    this.end();
  }

  /** Opens the event stream now, before there is an event. */
  open(): void {
    if (this.streaming || this.over) return;
    this.streaming = true;
    this.#handler.onResponseStart?.(this, 200, { ...EVENT_HEAD, ...this.headers });
  }

  event(json: string, eventId?: string): void {
    if (this.over) return;
    this.open();
    const id = eventId === undefined ? "" : `id: ${eventId}\n`;
    this.#push(Buffer.from(`${id}event: message\ndata: ${oneLine(json)}\n\n`));
  }

  /** An event that is no message. */
  named(event: string, data: string): void {
    if (this.over) return;
    this.open();
    this.#push(Buffer.from(`event: ${event}\ndata: ${data}\n\n`));
  }

  /** The last word: as JSON if nothing was said before, else as the last event. */
  conclude(json: string, eventId?: string): void {
    if (!this.streaming) return this.reply(200, json);
    this.event(json, eventId);
    this.end();
  }

  end(): void {
    this.#ending = true;
    if (!this.paused) this.#finish();
  }

  fail(error: Error): void {
    if (this.over) return;
    this.over = true;
    this.#handler.onResponseError?.(this, error);
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const early = !this.over;
    this.over = true;
    this.#held = [];
    if (!early) return;
    this.#onGone();
    // As a socket's dispatcher would: who left before anything began waits for this word.
    this.#handler.onResponseError?.(this, reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    while (this.#held.length > 0 && !this.#isHeldBack()) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#heldBytes -= chunk.length;
      this.#handler.onResponseData?.(this, chunk);
    }
    if (this.#ending && !this.#isHeldBack()) this.#finish();
  }

  /** A handler may pause or abort from within `onResponseData`. */
  #isHeldBack(): boolean {
    return this.paused || this.over;
  }

  #push(chunk: Buffer): void {
    if (!this.paused) {
      this.#handler.onResponseData?.(this, chunk);
      return;
    }
    this.#heldBytes += chunk.length;
    if (this.#heldBytes <= UNREAD_BYTES_MAX) this.#held.push(chunk);
    else {
      this.fail(new Error("the agent does not read what the upstream sends"));
      this.#onGone();
    }
  }

  #finish(): void {
    if (this.over) return;
    this.over = true;
    this.#handler.onResponseEnd?.(this, {});
  }
}

/** A JSON-RPC error as the text of a message. */
export function errorText(
  id: string | number | undefined,
  code: number,
  message: string,
  data?: JsonValue,
): string {
  const error = data === undefined ? { code, message } : { code, message, data };
  return JSON.stringify({ jsonrpc: "2.0", ...(id !== undefined && { id }), error });
}
