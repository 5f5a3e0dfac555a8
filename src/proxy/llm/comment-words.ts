/** A streamed answer that waits for a person: comments, which no client of SSE reads as content. */
import type { ExchangeId } from "../../core/units.ts";
import type { HeldWords } from "../wire.ts";
import { sseCodec } from "./event-codec.ts";
import type { Operation } from "./operation.ts";

/** Undefined: its streams are framed in another way, and know no comments. */
export function commentWords(operation: Operation, exchange: ExchangeId): HeldWords | undefined {
  if (operation.codec !== sseCodec) return undefined;
  const beat = Buffer.from(": waiting for a person's approval\n\n");
  const reader = operation.readEvents();
  return {
    beat: () => beat,
    answer: (status) =>
      reader.farewell(
        {
          code: "upstream_broken",
          detail: `The upstream answered with status ${status} after the call was approved.`,
          remedy: "Make the same call again; it needs a new approval.",
        },
        exchange,
      ),
    refusal: (refusal) => reader.farewell(refusal, exchange),
  };
}
