/** How a listener makes its server: in clear text, or with a certificate. */
import type { Server, ServerOptions } from "node:http";
import { createServer } from "../../lib/node-http.ts";
import type { ListenerConfig } from "../config/config.ts";
import type { TlsFault } from "./tls-fault.ts";

export interface HttpListener extends Disposable {
  readonly scheme: "http" | "https";
  create(options: ServerOptions): Server;
  /** Reads the certificate's files again; the last good one stays where they cannot be used. */
  reload(): void;
}

const CLEAR: HttpListener = {
  scheme: "http",
  create: (options) => createServer(options),
  reload: () => undefined,
  [Symbol.dispose]: () => undefined,
};

/** Rejects with TlsFault for files that cannot be read or do not fit together. */
export async function openListener(
  { tls }: ListenerConfig,
  onFault: (fault: TlsFault) => void,
): Promise<HttpListener> {
  if (tls === undefined) return CLEAR;
  const { TlsListener } = await import("./tls-listener.ts");
  return new TlsListener(tls, onFault);
}
