import { join } from "node:path";
import type { OpenDirectoryStore } from "../../stores/directory/sql-directory-store.ts";
import type { Config } from "../config/config.ts";

/** Rejects where the database cannot be opened or reached. */
export async function openDirectoryStore(
  config: Pick<Config, "dataDirectory" | "directoryUrl">,
): Promise<OpenDirectoryStore> {
  if (config.directoryUrl !== undefined) {
    const { openPostgresDirectory } = await import("../../stores/directory/postgres-directory.ts");
    return openPostgresDirectory(config.directoryUrl);
  }
  const { openSqliteDirectory } = await import("../../stores/directory/open-directory-store.ts");
  return openSqliteDirectory(directoryPath(config));
}

export function directoryPath({ dataDirectory }: Pick<Config, "dataDirectory">): string {
  return join(dataDirectory, "directory.db");
}
