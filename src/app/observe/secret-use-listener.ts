import { join } from "node:path";
import type { SecretUses } from "../../core/secret/secret-store.ts";
import type { Config } from "../config/config.ts";
import type { Listener } from "./events.ts";

export function secretUsesPath({ dataDirectory }: Config): string {
  return join(dataDirectory, "secret-uses.db");
}

/** `openai@2`; several, where a process was lent them: `a@1 b@3`. Others are not the vault's. */
const VAULT_LABEL = /^(.+)@\d+$/;

/** Counts the vault's secrets that exchanges were lent. */
export function secretUseListener(uses: Pick<SecretUses, "add">): Listener {
  let label = "";
  let names: readonly string[] = [];
  return ({ credential, principal, at }) => {
    if (credential === undefined || principal === undefined) return;
    // Most calls are lent what the one before was lent.
    if (credential !== label) [label, names] = [credential, namesIn(credential)];
    for (const name of names) uses.add(principal.tenant, name, at);
  };
}

function namesIn(credential: string): readonly string[] {
  return credential.split(" ").flatMap((label) => VAULT_LABEL.exec(label)?.[1] ?? []);
}
