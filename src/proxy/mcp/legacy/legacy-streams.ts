/** The open streams of the old transport: what is posted for one of them is told to it. */
import type { Dispatcher } from "undici";
import type { Upstream } from "../../../core/upstream.ts";
import { randomToken } from "../../../lib/ids.ts";
import { AnswerStream, errorText } from "../transport/answer-stream.ts";
import { RPC_SESSION_UNKNOWN } from "../transport/session-refusals.ts";
import {
  headerOf,
  ownerOf,
  type McpRequest,
  type McpServerSide,
} from "../transport/mcp-request.ts";
import { MESSAGE_PATH } from "./legacy-paths.ts";
import { LegacyStream } from "./legacy-stream.ts";

const STREAMS_MAX = 1024;
const ID_BYTES = 24;
/** Ours are told from a server's own by this. */
const PREFIX = "spl_";

/** What a stream listens to. */
export interface Listened {
  readonly side: McpServerSide;
  readonly upstream: Upstream;
  /** The endpoint's path. */
  readonly place: string;
}

interface Open {
  readonly owner: string;
  readonly stream: LegacyStream;
}

export class LegacyStreams implements McpServerSide {
  readonly #mark: string;
  readonly #open = new Map<string, Open>();

  /** `mark`: of the process, in the ids of its streams. */
  constructor(mark: string) {
    this.#mark = mark;
  }

  /** How a message names its stream. An id is good at the endpoint that it was given for. */
  static nameOf(id: string, upstream: Upstream): string {
    return `${id}@${upstream.name}`;
  }

  begin({ side, upstream, place }: Listened, request: McpRequest, stream: AnswerStream): void {
    if (stream.over) return;
    if (this.#open.size >= STREAMS_MAX) {
      const why = "Too many streams are open.";
      return stream.reply(503, errorText(undefined, RPC_SESSION_UNKNOWN, why));
    }
    const id = PREFIX + this.#mark + randomToken(ID_BYTES);
    const name = LegacyStreams.nameOf(id, upstream);
    const legacy = new LegacyStream(side, request, stream);
    this.#open.set(name, { owner: ownerOf(request.principal), stream: legacy });
    stream.onGone(() => {
      this.#open.delete(name);
      legacy.close();
    });
    stream.named("endpoint", `${place}${MESSAGE_PATH}?sessionId=${id}`);
  }

  ask(request: McpRequest, handler: Dispatcher.DispatchHandler): void {
    const answer = new AnswerStream(handler);
    if (answer.over) return;
    const open = this.#open.get(headerOf(request.headers, "mcp-session-id") ?? "");
    if (open === undefined) return answer.status(404);
    if (open.owner !== ownerOf(request.principal)) return answer.status(403);
    open.stream.tell(request);
    answer.status(202);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
