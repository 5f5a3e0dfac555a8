import { buildConnector } from "undici";
import { errorOf } from "../../lib/caught.ts";
import { trustOwnListener, type OwnListener } from "../../lib/own-listener.ts";

/** Connects to a listener of our own. */
export function createOwnListenerConnector(listener: OwnListener): buildConnector.connector {
  return (target, done) => {
    try {
      buildConnector(trustOwnListener(listener))(target, done);
    } catch (error) {
      queueMicrotask(() => done(errorOf(error), null));
    }
  };
}
