import { Duplex, pipeline } from "node:stream";
import type { ResponseInspector } from "../pipeline/ask.ts";
import { createBodyDecoder } from "./decode-body.ts";

type Asking = Pick<ResponseInspector, "asksAhead" | "ahead">;

/**
 * Between an upstream and the inspector of its answer: takes the encoding off, and holds each piece
 * of a stream back until second opinions on it are there. Undefined: nobody here can read it.
 */
export function openDecoder(
  encoding = "identity",
  streamed: Asking | undefined,
): Duplex | "as_it_is" | undefined {
  const asks = streamed?.asksAhead?.() === true;
  if (encoding === "identity") return asks ? asking(streamed) : "as_it_is";
  const decoder = createBodyDecoder(encoding);
  if (decoder === undefined || !asks) return decoder;
  const readable = asking(streamed);
  pipeline(decoder, readable, () => undefined);
  return Duplex.from({ writable: decoder, readable });
}

/** The judge bounds in time how long a piece waits; whoever sends waits meanwhile. */
function asking(inspector: Asking): Duplex {
  return Duplex.from(async function* ask(pieces: AsyncIterable<Uint8Array>) {
    for await (const piece of pieces) {
      await inspector.ahead?.(piece);
      yield piece;
    }
    await inspector.ahead?.(undefined);
  });
}
