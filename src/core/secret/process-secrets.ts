/** The secrets of an upstream that is a process: lent once, at its start, as its environment. */
import { pass, type Verdict } from "../verdict.ts";
import type { Upstream } from "../upstream.ts";
import type { Borrower } from "./secret-terms.ts";
import type { Vault } from "./vault.ts";

export interface ProcessSecrets {
  /** Variables that carry a secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** Names and versions, for the ledger. */
  readonly label: string | undefined;
  /** To be taken out of what the process says. */
  readonly echoes: readonly string[];
}

interface Lender {
  readonly variable: string;
  /** The upstream as the vault sees it for this one variable. */
  readonly upstream: Upstream;
}

const NO_SECRETS = pass<ProcessSecrets>({ variables: {}, label: undefined, echoes: [] });
/** The vault remembers by upstream, so each variable keeps its own. */
const lenders = new WeakMap<Upstream, readonly Lender[]>();

/** Refuses as `credentialFor` does, with the first secret that cannot be had. */
export function secretsForProcess(
  vault: Vault,
  upstream: Upstream,
  borrower?: Borrower,
): Verdict<ProcessSecrets> {
  const list = lendersOf(upstream);
  if (list.length === 0) return NO_SECRETS;
  const variables: Record<string, string> = {};
  const labels: string[] = [];
  const echoes: string[] = [];
  for (const { variable, upstream: lender } of list) {
    const lent = vault.credentialFor(lender, "POST", "/", borrower);
    if (lent.kind === "halt") return lent;
    if (lent.value === undefined) continue;
    variables[variable] = lent.value.value;
    labels.push(lent.value.label);
    echoes.push(...lent.value.echoes);
  }
  return pass({ variables, label: labels.join(" "), echoes });
}

/** Each secret as the credential of an upstream of its own: what a vault can prepare and check. */
export function lendersOf(upstream: Upstream): readonly Lender[] {
  const known = lenders.get(upstream);
  if (known !== undefined) return known;
  const { transport } = upstream;
  const entries = transport.kind === "stdio" ? transport.environment : [];
  const list = entries.flatMap((entry) =>
    entry.kind === "secret"
      ? [{ variable: entry.name, upstream: { ...upstream, credential: entry.credential } }]
      : [],
  );
  lenders.set(upstream, list);
  return list;
}
