import { readFileSync } from "node:fs";
import { buildConnector } from "undici";
import { errorOf } from "../../lib/caught.ts";

/**
 * Connects to a listener of our own. `certFile` is read for each connection, because certificates
 * are renewed while the gate runs; nobody but the certificate itself is trusted, for its names are
 * those of others' way here.
 */
export function createOwnListenerConnector(certFile: string): buildConnector.connector {
  return (target, done) => {
    try {
      const ca = readFileSync(certFile, "utf8");
      const trust = { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
      buildConnector(trust)(target, done);
    } catch (error) {
      queueMicrotask(() => done(errorOf(error), null));
    }
  };
}
