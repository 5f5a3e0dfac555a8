import { id, type SecretName } from "../units.ts";

/** Where a credential's value comes from. */
export type SecretRef =
  | { readonly kind: "vault"; readonly name: SecretName }
  | { readonly kind: "env"; readonly name: string }
  /** `url` is the whole `file:///…` reference. */
  | { readonly kind: "file"; readonly url: string }
  | RemoteSecretRef;

/** Where AWS hands out the temporary key of a role. */
const AWS_ROLE_PLACES = ["instance", "container", "web-identity"] as const;
export type AwsRolePlace = (typeof AWS_ROLE_PLACES)[number];

/** Kept by another service; `url` is the whole reference. */
export type RemoteSecretRef =
  /** `vault://<mount>/<path>#<field>`: KV version 2 of HashiCorp Vault. */
  | {
      readonly kind: "kv";
      readonly url: string;
      readonly mount: string;
      readonly path: string;
      readonly field: string;
    }
  /** `k8s://<namespace>/<secret>/<key>`. */
  | {
      readonly kind: "k8s";
      readonly url: string;
      readonly namespace: string;
      readonly name: string;
      readonly key: string;
    }
  /** `aws://instance`, `aws://container`, `aws://web-identity`. */
  | { readonly kind: "aws"; readonly url: string; readonly place: AwsRolePlace };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/u;
const SEGMENT = "[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}";
const KV = new RegExp(`^(${SEGMENT})/(${SEGMENT}(?:/${SEGMENT}){0,15})#(${SEGMENT})$`, "u");
const DNS = "[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?";
const K8S = new RegExp(`^(${DNS})/(${DNS})/(${SEGMENT})$`, "u");
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/u;

/** Undefined: not a reference that Sallyport reads. */
export function parseSecretRef(ref: string): SecretRef | undefined {
  const { scheme, rest } = split(ref);
  switch (scheme) {
    case "vault": {
      // A name of ours has no slash, a place in HashiCorp Vault has one.
      if (rest.includes("/")) return kvRef(ref, rest);
      const name = secretName(rest);
      return name === undefined ? undefined : { kind: "vault", name };
    }
    case "k8s":
      return k8sRef(ref, rest);
    case "aws": {
      const place = AWS_ROLE_PLACES.find((known) => known === rest);
      return place === undefined ? undefined : { kind: "aws", url: ref, place };
    }
    case "env":
      return VARIABLE.test(rest) ? { kind: "env", name: rest } : undefined;
    case "file":
      // A third slash: a host between the slashes would be somebody else's machine.
      return rest.startsWith("/") && rest.length > 1 ? { kind: "file", url: ref } : undefined;
    default:
      return undefined;
  }
}

/** Undefined unless it is 1 to 128 of A–Z, a–z, 0–9, `.`, `_`, `-` and starts with a letter or digit. */
export function secretName(text: string): SecretName | undefined {
  return NAME.test(text) ? id(text) : undefined;
}

/** Whether it is a secret of Sallyport's own vault: bound, and a tenant's. */
export function isOwnSecret(ref: string): boolean {
  return parseSecretRef(ref)?.kind === "vault";
}

/** Whether it is the temporary key of a role, which signs for any origin and is sent to none. */
export function isRoleKey(ref: string): boolean {
  return parseSecretRef(ref)?.kind === "aws";
}

function kvRef(url: string, rest: string): SecretRef | undefined {
  const [, mount, path, field] = KV.exec(rest) ?? [];
  if (mount === undefined || path === undefined || field === undefined) return undefined;
  return { kind: "kv", url, mount, path, field };
}

function k8sRef(url: string, rest: string): SecretRef | undefined {
  const [, namespace, name, key] = K8S.exec(rest) ?? [];
  if (namespace === undefined || name === undefined || key === undefined) return undefined;
  return { kind: "k8s", url, namespace, name, key };
}

function split(ref: string): { scheme: string; rest: string } {
  const at = ref.indexOf("://");
  return at === -1
    ? { scheme: "", rest: ref }
    : { scheme: ref.slice(0, at), rest: ref.slice(at + 3) };
}
