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
  return ({ credential, principal, at }) => {
    if (credential === undefined || principal === undefined) return;
    for (const label of credential.split(" ")) {
      const name = VAULT_LABEL.exec(label)?.[1];
      if (name !== undefined) uses.add(principal.tenant, name, at);
    }
  };
}
