/** What `sallyport doctor` says of what replicas share beside counts: the directory and its vault. */
import type { Config } from "../config/config.ts";
import { OWN_DIRECTORY } from "../observe/store-events.ts";
import { DIRECTORY_REMEDY } from "../ports/reach-directory.ts";
import { vaultKeyOf } from "../ports/vault-key-source.ts";
import type { Finding } from "./diagnose.ts";

export async function diagnoseDirectory(config: Config): Promise<readonly Finding[]> {
  const { directoryUrl: url, store } = config;
  if (url === undefined) {
    if (store.kind === "embedded") return [];
    const { detail, remedy } = OWN_DIRECTORY;
    return [{ name: "directory", state: "warning", detail, remedy }];
  }
  const { tryPostgres } = await import("../../stores/postgres/try-postgres.ts");
  const trouble = await tryPostgres(url);
  const { host } = new URL(url);
  if (trouble !== undefined) {
    const remedy = DIRECTORY_REMEDY;
    const detail = `PostgreSQL at ${host}: ${trouble.why}`;
    return [{ name: "directory", state: "problem", detail, remedy }, sharedVault(config)];
  }
  const detail = `PostgreSQL at ${host}, for all replicas`;
  return [{ name: "directory", state: "ok", detail, remedy: undefined }, sharedVault(config)];
}

/** Replicas with one directory want one vault, and so one key. */
function sharedVault(config: Config): Finding {
  const name = "shared vault";
  if (vaultKeyOf(config).kind !== "generated") {
    const detail = "one for all replicas, in the directory's database";
    return { name, state: "ok", detail, remedy: undefined };
  }
  const detail = "its key was made in the data directory, so this machine's secrets are its own";
  const remedy = "give every replica one key: SALLYPORT_VAULT_KEY_FILE";
  return { name, state: "warning", detail, remedy };
}
