import { nameGlob } from "../../core/policy/glob.ts";
import { millis } from "../../core/units.ts";
import type { ForwardProxySettings } from "../../proxy/forward-proxy/forward-proxy-settings.ts";
import type { ConfigFile } from "./config-schema.ts";

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

type Complain = (path: string, message: string, suggestion?: string) => void;

/** Undefined: there is none. */
export function resolveForwardProxy(
  { forward_proxy: file, listen, manage }: ConfigFile,
  complain: Complain,
): ForwardProxySettings | undefined {
  if (!file.enabled) return undefined;
  const own = new Set([listen.port, manage.port]);
  for (const key of ["connect_ports", "http_ports"] as const) {
    // On loopback the gate trusts whoever comes: it must not be led to itself.
    if (file[key].some((port) => own.has(port))) {
      complain(`forward_proxy.${key}`, "one of them is the gate's own", "another port");
    }
  }
  const { timeouts } = file;
  return {
    connectPorts: file.connect_ports.length === 0 ? [HTTPS_PORT] : file.connect_ports,
    httpPorts: file.http_ports.length === 0 ? [HTTP_PORT] : file.http_ports,
    tunnelsMax: file.tunnels_max,
    unscannable: file.unscannable,
    encryptedHello: file.encrypted_hello,
    hosts: file.hosts.map((entry) => ({
      host: nameGlob(entry.host),
      allowPrivate: entry.allow_private,
      opaque: entry.opaque,
      ownCredentials: entry.own_credentials,
    })),
    requestBytesMax: file.request_bytes_max,
    responseBytesMax: file.response_bytes_max,
    timeouts: {
      connect: millis(timeouts.connect_ms),
      hello: millis(timeouts.hello_ms),
      headers: millis(timeouts.headers_ms),
      idle: millis(timeouts.idle_ms),
      total: millis(timeouts.total_ms),
    },
  };
}
