/** The answer of another worker; where that one is gone, what its absence means. */
import type { Dispatcher } from "undici";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import { PassedOn } from "../transport/passed-on.ts";

/** Nobody listens there: it died, or has not begun yet. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED"]);

export class Handover extends PassedOn {
  readonly #request: McpRequest;
  readonly #here: McpServerSide;

  /**
   * `here`: the same side in this process. It does not know the session, and says so in the words
   * that make a client begin anew; what has no session begins anew here.
   */
  constructor(request: McpRequest, handler: Dispatcher.DispatchHandler, here: McpServerSide) {
    super(handler);
    this.#request = request;
    this.#here = here;
  }

  override onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    const isAbsent = "code" in error && ABSENT.has(String(error.code));
    if (isAbsent) this.#here.ask(this.#request, this.handler);
    else super.onResponseError(controller, error);
  }
}
