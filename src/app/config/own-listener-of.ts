import type { OwnListener } from "../../lib/own-listener.ts";
import type { ListenerConfig } from "./config.ts";

/** Undefined: it serves clear text. */
export function ownListenerOf({ tls }: ListenerConfig): OwnListener | undefined {
  if (tls === undefined) return undefined;
  const { certFile, keyFile, clientCaFile, clientAuth } = tls;
  const mustShow = clientCaFile !== undefined && clientAuth === "required";
  return { certFile, keyFile: mustShow ? keyFile : undefined };
}
