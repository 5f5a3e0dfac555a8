/** `GET /core/v1/events`: what is recorded, as it is recorded. */
import { Readable } from "node:stream";
import { Type } from "typebox";
import type { Caller } from "../../core/identity/caller.ts";
import { cursorText, IndexUnreachable } from "../../core/ledger/ledger-index.ts";
import { monotonicMillis } from "../../lib/clock.ts";
import { flawOfFollowing } from "../../operations/records/read-records.ts";
import type { Api } from "./api.ts";
import { wholeRecordJson } from "./ledger-json.ts";
import { sendFault } from "./problem.ts";
import type { RecordServices } from "./services.ts";
import type { Services } from "./services.ts";

const READ = { role: "viewer", scope: "ledger:read" } as const;

/** Streams at once; each asks the index a few times a second at most. */
const STREAMS_MAX = 64;
/** Records between two looks at whether the reader still takes them. */
const BATCH = 100;
const HEARTBEAT_MS = 15_000;

const QueryJson = Type.Object(
  {
    kind: Type.Optional(Type.String({ maxLength: 128, description: "Only these, with commas." })),
    after: Type.Optional(
      Type.String({
        maxLength: 64,
        description: "As `Last-Event-ID`, for those who cannot send it.",
      }),
    ),
  },
  { additionalProperties: false },
);

export function liveEventRoutes(api: Api, { records }: Services): void {
  let open = 0;
  api.get(
    "/events",
    {
      schema: {
        summary: "Records as they are written",
        description:
          "Server-sent events; resumed with `Last-Event-ID`, at least once. A stream ends after a while: connect again.",
        tags: ["ledger"],
        querystring: QueryJson,
        response: {
          200: {
            description: "A stream of events; `id` is where to go on, `event` the record's kind.",
            content: { "text/event-stream": { schema: Type.String() } },
          },
        },
      },
      config: { access: READ, raw: true },
    },
    async ({ caller, headers, query, raw }, reply) => {
      const last = headers["last-event-id"];
      const after = typeof last === "string" ? last : query.after;
      const kinds = query.kind?.split(",");
      const flaw = flawOfFollowing(kinds, after);
      if (flaw?.kind === "fault") return sendFault(reply, flaw.fault);
      if (open >= STREAMS_MAX) {
        const detail = "Too many live streams are open.";
        return sendFault(reply, { code: "too_many", detail, retryAfter: 5 });
      }
      open += 1;
      const gone = new AbortController();
      raw.on("close", () => gone.abort());
      const wish = { caller, after, kinds, gone: gone.signal };
      const stream = Readable.from(eventsFor(wish, records), { objectMode: false });
      stream.on("close", () => {
        open -= 1;
      });
      return reply
        .type("text/event-stream")
        .header("cache-control", "no-store")
        .header("x-accel-buffering", "no")
        .send(stream);
    },
  );
}

interface StreamWish {
  readonly caller: Caller;
  readonly after: string | undefined;
  readonly kinds: readonly string[] | undefined;
  readonly gone: AbortSignal;
}

/** The reader's pace is the stream's: nothing is asked for before the last was taken. */
async function* eventsFor(
  { caller: { tenant }, after, kinds, gone }: StreamWish,
  { index, watch, streamFor }: RecordServices,
): AsyncGenerator<string> {
  const ends = monotonicMillis() + streamFor;
  const bell = new Bell();
  const unwatch = watch(() => bell.ring());
  const ring = (): void => bell.ring();
  gone.addEventListener("abort", ring);
  try {
    yield ": sallyport\n\n";
    let cursor = after;
    while (!gone.aborted && monotonicMillis() < ends) {
      const { records, cursor: next } = await index.arrivals({
        tenant,
        after: cursor,
        limit: BATCH,
      });
      // Who is cut off before the first event knows where to go on, too.
      if (cursor === undefined) yield `id: ${next}\n\n`;
      cursor = next;
      for (const record of records) {
        if (kinds !== undefined && !kinds.includes(record.kind)) continue;
        const data = JSON.stringify(wholeRecordJson(record));
        yield `id: ${cursorText(record)}\nevent: ${record.kind}\ndata: ${data}\n\n`;
      }
      if (records.length === BATCH) continue;
      const isNews = await bell.rung(Math.min(HEARTBEAT_MS, ends - monotonicMillis()));
      if (!isNews) yield `id: ${cursor}\n: still here\n\n`;
    }
  } catch (error) {
    if (!(error instanceof IndexUnreachable)) throw error;
    yield `: ${error.message}\n\n`;
  } finally {
    gone.removeEventListener("abort", ring);
    unwatch();
  }
}

/** Remembers one ring for whoever comes to listen. */
class Bell {
  #wake: (() => void) | undefined;
  #isRung = false;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** False where nobody rang within `wait` milliseconds. */
  async rung(wait: number): Promise<boolean> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, wait));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const was = this.#isRung;
    this.#isRung = false;
    this.#wake = undefined;
    return was;
  }
}
