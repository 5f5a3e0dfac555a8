/** One upstream's credential, with everything checked that does not depend on the request. */
import { PLACEHOLDER, readBinding, written, type Binding } from "../../core/secret/binding.ts";
import { echoesOf } from "../../core/secret/echoes.ts";
import { pathPattern, type PathPattern } from "../../core/secret/path-pattern.ts";
import { isRoleKey } from "../../core/secret/secret-ref.ts";
import { deliveredValueProblem, secretValueProblem } from "../../core/secret/secret-value.ts";
import {
  isConditional,
  withheld,
  type Borrower,
  type GovernedSecret,
} from "../../core/secret/secret-terms.ts";
import type { Credential, JwtSigner, RequestSigner } from "../../core/secret/vault.ts";
import type { Instant } from "../../core/units.ts";
import type { CredentialRef, SigningScope, Upstream } from "../../core/upstream.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { createAwsSigner, readAwsKey } from "./aws-signer.ts";
import { createJwtSigner } from "./client-key.ts";
import { VaultFault } from "./vault-fault.ts";

export interface FoundSecret {
  readonly value: string;
  /** For the ledger. */
  readonly label: string;
  /** Sealed with a vault secret; others are bound by the configuration alone. */
  readonly secret: GovernedSecret | undefined;
}

export interface PreparedCredential {
  readonly name: string;
  readonly upstream: Upstream;
  readonly verdict: Verdict<Credential>;
  /** Lists of which the method must be in each; of a path, one pattern of each must fit. */
  readonly methods: readonly (readonly string[])[];
  /** Below the upstream, as the configuration narrows. */
  readonly below: readonly PathPattern[];
  /** At the origin, as the secret's binding narrows. */
  readonly atOrigin: readonly PathPattern[];
  /** Where it matters who borrows, or when. */
  readonly conditions: GovernedSecret | undefined;
}

/** Throws VaultFault where value or configuration can be no credential. */
export function prepareCredential(
  upstream: Upstream,
  ref: CredentialRef,
  { value, label, secret }: FoundSecret,
): PreparedCredential {
  const problem = ref.attests ? deliveredValueProblem(value) : secretValueProblem(value);
  if (problem !== undefined) throw new VaultFault(`the value of ${ref.ref}: ${problem}`);
  if (ref.signing === undefined && isRoleKey(ref.ref)) {
    // A role may do more than one upstream's: its key is never written into a request.
    throw new VaultFault(`${ref.ref} signs, and is never sent`);
  }
  const { header, format, paths, methods } = ref;
  const reading = readBinding({ origin: upstream.origin, paths, methods, header, format });
  if (reading.kind === "problems") throw new VaultFault(reading.problems.join("; "));
  const configured = reading.binding;
  const binding = secret?.terms.binding;
  const misfit = secret === undefined ? undefined : misfitOf(binding, configured);
  const signs = keyOf(ref, value);
  return {
    name: ref.name,
    upstream,
    verdict:
      misfit === undefined
        ? pass({
            header: configured.header,
            value: signs === undefined ? written(configured.format, value) : "",
            sign: signs?.sign,
            attest: signs?.attest,
            label,
            echoes: signs?.echoes ?? echoesOf(value, configured.format),
          })
        : forbidden(ref.name, upstream, misfit),
    methods: [configured.methods, binding?.methods ?? []].filter((list) => list.length > 0),
    below: configured.paths.map(pathPattern),
    atOrigin: (binding?.paths ?? []).map(pathPattern),
    conditions: secret !== undefined && isConditional(secret.terms) ? secret : undefined,
  };
}

/** What signs in place of being sent. */
interface SigningKey {
  readonly sign: RequestSigner | undefined;
  readonly attest: JwtSigner | undefined;
  readonly echoes: readonly string[];
}

function keyOf(ref: CredentialRef, value: string): SigningKey | undefined {
  if (ref.signing !== undefined) return signingKey(ref, value, ref.signing);
  if (ref.attests !== true) return undefined;
  const attest = createJwtSigner(value);
  if (attest !== undefined) return { sign: undefined, attest, echoes: [] };
  throw new VaultFault(
    `the value of ${ref.ref}: a private key is wanted, as PEM or JWK (EC P-256, P-384, P-521, ` +
      "Ed25519, or RSA of 2048 bits or more)",
  );
}

/** None of the key's parts may come back, and the whole of it never leaves. */
function signingKey(ref: CredentialRef, value: string, scope: SigningScope): SigningKey {
  const key = readAwsKey(value);
  if (key === undefined) {
    throw new VaultFault(
      `the value of ${ref.ref}: write access_key_id:secret_access_key, and after another colon ` +
        "the session_token where there is one",
    );
  }
  const parts = [key.secretAccessKey, key.sessionToken, key.accessKeyId];
  const echoes = parts.flatMap((part) => (part === undefined ? [] : echoesOf(part, PLACEHOLDER)));
  return { sign: createAwsSigner(key, scope), attest: undefined, echoes };
}

/** The hot path: allocates only to refuse. */
export function usable(
  prepared: PreparedCredential,
  method: string,
  path: string,
): Verdict<Credential> {
  const { verdict, methods, below, atOrigin, name, upstream } = prepared;
  if (verdict.kind === "halt") return verdict;
  for (const list of methods) {
    if (!list.includes(method)) return forbidden(name, upstream, `is not for ${method} requests`);
  }
  if (!oneFits(below, path) || !oneFits(atOrigin, upstream.pathPrefix + path)) {
    return forbidden(name, upstream, "is not for this path");
  }
  return verdict;
}

export function unavailable(
  upstream: Upstream,
  { name }: CredentialRef,
  cause: VaultFault,
): PreparedCredential {
  const verdict = halt({
    code: "credential_unavailable",
    detail: `The credential ${name} of the upstream ${upstream.name} cannot be read now.`,
    remedy: "An operator finds the reason in the gateway's log and by: sallyport vault list.",
    cause,
  });
  return { name, upstream, verdict, methods: [], below: [], atOrigin: [], conditions: undefined };
}

/** What the vault was told and what the configuration now asks, where they differ. */
function misfitOf(bound: Binding | undefined, asked: Binding): string | undefined {
  if (bound === undefined) return "is bound to no origin";
  if (bound.origin !== asked.origin) return "is bound to another origin";
  if (bound.header !== asked.header) return `is bound to the header ${bound.header}`;
  if (bound.format !== asked.format) return "is bound to another format";
  return undefined;
}

/** What the secret's terms say to this borrower; undefined: nothing against it. */
export function refusedTo(
  { conditions, name, upstream }: PreparedCredential,
  borrower: Borrower | undefined,
  now: Instant,
): Verdict<never> | undefined {
  if (conditions === undefined) return undefined;
  // An access token or a process of ours serves many agents: it is nobody's in particular.
  const why =
    borrower === undefined
      ? "is for some agents or for some time only, and nobody in particular asks"
      : withheld(conditions, borrower, now);
  return why === undefined ? undefined : forbidden(name, upstream, why);
}

function oneFits(patterns: readonly PathPattern[], path: string): boolean {
  if (patterns.length === 0) return true;
  for (const fits of patterns) if (fits(path)) return true;
  return false;
}

function forbidden(name: string, upstream: Upstream, why: string): Verdict<never> {
  return halt({
    code: "credential_forbidden",
    detail: `The credential ${name} ${why}, so the upstream ${upstream.name} cannot be asked.`,
    remedy: `An operator decides where it may go: sallyport vault set ${name} --help.`,
  });
}
