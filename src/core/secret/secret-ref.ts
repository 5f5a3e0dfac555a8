import { id, type SecretName } from "../units.ts";

/** Where a credential's value comes from. */
export type SecretRef =
  | { readonly kind: "vault"; readonly name: SecretName }
  | { readonly kind: "env"; readonly name: string }
  /** `url` is the whole `file:///…` reference. */
  | { readonly kind: "file"; readonly url: string };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/u;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/u;

/** Undefined: not a reference that Sallyport reads. */
export function parseSecretRef(ref: string): SecretRef | undefined {
  const { scheme, rest } = split(ref);
  switch (scheme) {
    case "vault": {
      const name = secretName(rest);
      return name === undefined ? undefined : { kind: "vault", name };
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

function split(ref: string): { scheme: string; rest: string } {
  const at = ref.indexOf("://");
  return at === -1
    ? { scheme: "", rest: ref }
    : { scheme: ref.slice(0, at), rest: ref.slice(at + 3) };
}
