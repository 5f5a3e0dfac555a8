/** Tells when whoever asked does not want the answer any more, and lets everything pass. */
import type { Dispatcher } from "undici";
import { PassedOn } from "./passed-on.ts";

export class GivenUp extends PassedOn {
  readonly #tell: () => void;

  constructor(handler: Dispatcher.DispatchHandler, tell: () => void) {
    super(handler);
    this.#tell = tell;
  }

  override onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    if (controller.aborted) this.#tell();
    super.onResponseError(controller, error);
  }
}
