import { Duplex, pipeline } from "node:stream";
import type { ResponseInspector } from "../pipeline/ask.ts";
import { createBodyDecoder } from "./decode-body.ts";

/** Encodings one over the other; honest servers use one. */
const CODINGS_MAX = 3;

type Asking = Pick<ResponseInspector, "asksAhead" | "ahead">;

/**
 * Between an upstream and the inspector of its answer: takes the encoding off, and holds each piece
 * of a stream back until second opinions on it are there. Undefined: nobody here can read it.
 */
export function openDecoder(
  encoding: string | readonly string[] | undefined,
  streamed: Asking | undefined,
): Duplex | "as_it_is" | undefined {
  const steps: Duplex[] = [];
  const codings = codingsOf(encoding);
  if (codings.length > CODINGS_MAX) return undefined;
  for (const coding of codings) {
    const decoder = createBodyDecoder(coding);
    if (decoder === undefined) return undefined;
    steps.unshift(decoder);
  }
  if (streamed?.asksAhead?.() === true) steps.push(asking(streamed));
  const [writable, ...rest] = steps;
  if (writable === undefined) return "as_it_is";
  const readable = rest.at(-1);
  if (readable === undefined) return writable;
  pipeline(steps, () => undefined);
  return Duplex.from({ writable, readable });
}

/** In the order they were applied (RFC 9110 §8.4), over as many fields as came. */
function codingsOf(encoding: string | readonly string[] | undefined): readonly string[] {
  if (encoding === undefined) return [];
  return String(encoding)
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
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
