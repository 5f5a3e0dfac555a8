/** Notes the session that an `initialize` opens, and lets everything pass. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { PassedOn } from "./passed-on.ts";

export class SessionBinder extends PassedOn {
  readonly #opened: (session: string) => void;

  constructor(handler: Dispatcher.DispatchHandler, opened: (session: string) => void) {
    super(handler);
    this.#opened = opened;
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    const session = headers["mcp-session-id"];
    if (typeof session === "string" && status < 300) this.#opened(session);
    super.onResponseStart(controller, status, headers);
  }
}
