import type { Upstream } from "../../core/upstream.ts";

/** Every reference of an upstream to a secret. */
export interface SecretUse {
  readonly ref: string;
  /** The key it stands under. */
  readonly key: string;
  /** Where it is sent. */
  readonly origin: string;
}

export function secretsOf({ credential, transport, origin }: Upstream): readonly SecretUse[] {
  if (credential !== undefined) {
    const { oauth } = credential;
    const uses = [
      { ref: credential.ref, key: "credential.ref", origin: oauth?.issuer.origin ?? origin },
    ];
    const refresh = oauth?.refresher?.credential?.ref;
    if (oauth === undefined || refresh === undefined) return uses;
    return [
      ...uses,
      { ref: refresh, key: "credential.oauth.refresh_ref", origin: oauth.issuer.origin },
    ];
  }
  if (transport.kind !== "stdio") return [];
  return transport.environment.flatMap((entry, index) =>
    entry.kind === "secret"
      ? [{ ref: entry.credential.ref, key: `stdio.env[${index}].ref`, origin }]
      : [],
  );
}
