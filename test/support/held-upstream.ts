/** An upstream that answers in two halves: the second one when the test says so. */
import { startRecordingUpstream, type RecordingUpstream } from "./recording-upstream.ts";

export interface HeldUpstream extends AsyncDisposable {
  readonly upstream: RecordingUpstream;
  /** Resolves with the next request's second half, once the first is written. */
  next(): Promise<() => void>;
}

export const FIRST_HALF = "data: first\n\n";
export const SECOND_HALF = "data: second\n\n";

/** `/now…` is answered at once, everything else in halves, as a stream that nobody gathers. */
export async function startHeldUpstream(): Promise<HeldUpstream> {
  const held: (() => void)[] = [];
  const waiting: ((finish: () => void) => void)[] = [];
  const upstream = await startRecordingUpstream((request, response) => {
    if (request.url?.startsWith("/now") === true) {
      response.end("ok");
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(FIRST_HALF);
    const finish = (): void => void response.end(SECOND_HALF);
    const taker = waiting.shift();
    if (taker === undefined) held.push(finish);
    else taker(finish);
  });
  return {
    upstream,
    next() {
      const finish = held.shift();
      if (finish !== undefined) return Promise.resolve(finish);
      return new Promise((resolve) => waiting.push(resolve));
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  };
}
