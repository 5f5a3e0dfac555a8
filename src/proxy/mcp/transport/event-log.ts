/** What was said on a session's streams, for a client that comes back with `Last-Event-ID`. */

const EVENTS_MAX = 512;
const BYTES_MAX = 4 * 1024 * 1024;

/** How long an answer, or a subscription, waits for a client whose stream broke. */
export const RESUME_MS = 120_000;
/** The stream for what nobody asked for; those of calls are `r` and their number. */
export const LISTENING = "g";

export interface LoggedEvent {
  readonly id: string;
  readonly json: string;
}

export class EventLog {
  readonly #events: (LoggedEvent & { readonly stream: string })[] = [];
  #bytes = 0;
  #count = 0;

  /** The id to send with the event. The oldest are forgotten first. */
  add(stream: string, json: string): string {
    this.#count += 1;
    const id = `${stream}-${this.#count}`;
    this.#events.push({ id, json, stream });
    this.#bytes += json.length;
    while (this.#events.length > EVENTS_MAX || this.#bytes > BYTES_MAX) {
      this.#bytes -= this.#events.shift()?.json.length ?? 0;
    }
    return id;
  }

  /** What followed on the same stream. An id that is not known, or no longer, has no followers. */
  after(id: string): { readonly stream: string; readonly events: readonly LoggedEvent[] } {
    const stream = id.slice(0, Math.max(0, id.lastIndexOf("-")));
    const at = this.#events.findIndex((event) => event.id === id);
    const rest = at === -1 ? [] : this.#events.slice(at + 1);
    return { stream, events: rest.filter((event) => event.stream === stream) };
  }
}
