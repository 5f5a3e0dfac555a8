/** One client of the old transport: a session behind, and the one stream on which it hears all. */
import { RPC_INTERNAL } from "../rpc-message.ts";
import { errorText, type AnswerStream } from "../transport/answer-stream.ts";
import { withHeaders, type McpRequest, type McpServerSide } from "../transport/mcp-request.ts";
import { askMessages, type Asking } from "../era/answer-reader.ts";
import { POSTED } from "../era/stateless-message.ts";

/** Calls in flight. */
const ASKING_MAX = 256;

export class LegacyStream {
  readonly #side: McpServerSide;
  readonly #base: McpRequest;
  readonly #stream: AnswerStream;
  readonly #asking = new Set<Asking>();
  #sessionId: string | undefined;
  #listening: Asking | undefined;

  constructor(side: McpServerSide, base: McpRequest, stream: AnswerStream) {
    this.#side = side;
    this.#base = base;
    this.#stream = stream;
  }

  tell(request: McpRequest): void {
    const message = request.sent?.message;
    const id = message?.kind === "request" ? message.id : undefined;
    if (this.#asking.size >= ASKING_MAX) {
      const why = "Too many calls are in flight.";
      if (id !== undefined) this.#stream.event(errorText(id, RPC_INTERNAL, why));
      return;
    }
    let answered = id === undefined;
    let over = false;
    const asking = askMessages(this.#side, this.#withSession(request, POSTED), {
      head: (_, headers) => {
        const session = headers["mcp-session-id"];
        if (typeof session === "string") this.#sessionId = session;
      },
      message: (heard, text) => {
        if (heard.kind === "response") answered = true;
        this.#stream.event(text);
      },
      ended: () => {
        over = true;
        for (const one of this.#asking) if (one.over) this.#asking.delete(one);
        if (answered || id === undefined) return;
        this.#stream.event(errorText(id, RPC_INTERNAL, "The server ended without an answer."));
      },
    });
    if (!over) this.#asking.add(asking);
    if (message?.kind === "notification" && message.method === "notifications/initialized") {
      this.#listen();
    }
  }

  close(): void {
    for (const asking of this.#asking) asking.abort();
    this.#listening?.abort();
    if (this.#sessionId === undefined) return;
    const end = {
      ...this.#base,
      verb: "DELETE",
      sent: undefined,
      question: { kind: "end" },
    } as const;
    askMessages(this.#side, this.#withSession(end, {}), { message: () => {}, ended: () => {} });
  }

  #listen(): void {
    if (this.#sessionId === undefined || this.#listening !== undefined) return;
    const accept = { accept: "text/event-stream" };
    this.#listening = askMessages(this.#side, this.#withSession(this.#base, accept), {
      message: (message, text) => {
        if (message.kind !== "response") this.#stream.event(text);
      },
      ended: () => (this.#listening = undefined),
    });
  }

  #withSession(request: McpRequest, headers: Readonly<Record<string, string>>): McpRequest {
    const session = { "mcp-session-id": this.#sessionId };
    return { ...request, headers: withHeaders(request.headers, { ...headers, ...session }) };
  }
}
