/** What `sallyport doctor` says of the forward proxy. */
import type { ForwardProxySettings } from "../../proxy/forward-proxy/forward-proxy-settings.ts";
import type { Config } from "../config/config.ts";
import type { Finding } from "./diagnose.ts";

const NAME = "forward_proxy";

/** Nothing where there is none. */
export function diagnoseForwardProxy({ forwardProxy }: Config): readonly Finding[] {
  if (forwardProxy === undefined) return [];
  const { connectPorts, httpPorts } = forwardProxy;
  const detail = `on: CONNECT to ${connectPorts.join(", ")}, http:// to ${httpPorts.join(", ")}`;
  const weak = weaknessesOf(forwardProxy);
  if (weak.length === 0) return [{ name: NAME, state: "ok", detail, remedy: undefined }];
  const remedy = "name hosts one by one in forward_proxy.hosts, or configure them as upstreams";
  return [{ name: NAME, state: "warning", detail: `${detail}; ${weak.join("; ")}`, remedy }];
}

function weaknessesOf({ hosts, unscannable }: ForwardProxySettings): readonly string[] {
  const any = hosts.filter(({ host }) => host.kind === "any");
  return [
    ...(unscannable === "pass" ? ["tunnels pass unscanned"] : []),
    ...(any.some(({ allowPrivate }) => allowPrivate) ? ["any name may lead inside"] : []),
    ...(any.some(({ opaque }) => opaque) ? ["any tunnel may carry anything"] : []),
  ];
}
