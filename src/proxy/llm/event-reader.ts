import type { JsonObject } from "../../core/json.ts";
import type { Refusal } from "../../core/refusal.ts";
import type { ExchangeId } from "../../core/units.ts";
import type { TextParts } from "./text-parts.ts";

/** Reads one streamed answer, event by event and in order. */
export interface EventReader {
  /**
   * Whether `read` understands everything in the event that could be text. If not, the event is
   * scanned as a whole before it is read.
   */
  isPlain(event: JsonObject): boolean;
  /** Adds the event's text to `parts`. */
  read(event: JsonObject, parts: TextParts): void;
  /**
   * Where the whole answer would have what stands at a JSON pointer into the event; left out: at the
   * same place.
   */
  placeOf?(event: JsonObject, pointer: string): string;
  /** The event only reports usage that the client did not ask for. */
  isUsageOnly(event: JsonObject): boolean;
  /** The provider said that the answer is complete, so its last count is the bill. */
  readonly finished: boolean;
  /** The dialect's terminal error: never a clean end, which clients take for success. */
  farewell(refusal: Refusal, exchange: ExchangeId): Uint8Array;
}
