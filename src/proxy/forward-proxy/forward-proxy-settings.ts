/** `forward_proxy:` of the configuration, as the data plane reads it. */
import type { Glob } from "../../core/policy/glob.ts";
import type { Millis } from "../../core/units.ts";
import type { UpstreamTimeouts } from "../../core/upstream.ts";

export interface ForwardProxySettings {
  readonly connectPorts: readonly number[];
  readonly httpPorts: readonly number[];
  /** Of this process. */
  readonly tunnelsMax: number;
  /** What an `inspect` rule wanted to look at and cannot. */
  readonly unscannable: "refuse" | "pass";
  readonly encryptedHello: "refuse" | "pass";
  /** The first that fits counts. */
  readonly hosts: readonly HostTerms[];
  readonly requestBytesMax: number;
  readonly responseBytesMax: number;
  readonly timeouts: UpstreamTimeouts & { readonly hello: Millis };
}

export interface HostTerms {
  readonly host: Glob;
  readonly allowPrivate: boolean;
  /** Tunnels need not begin with TLS for that name. */
  readonly opaque: boolean;
  /** Plain requests keep the agent's own credentials. */
  readonly ownCredentials: boolean;
}
