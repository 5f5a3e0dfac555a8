/** Exports are written to a file of the data directory, sent from there, and removed. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "../../core/units.ts";
import { newId } from "../../lib/ids.ts";

const DRAFT = "export";
const ENDING = ".tmp";

export function exportDraftPath(dataDirectory: string, now: Instant): string {
  return join(dataDirectory, `${newId(DRAFT, now)}${ENDING}`);
}

/** A crash leaves them behind, with all that was exported; one process of a directory makes them. */
export function removeExportDrafts(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory)) {
    if (name.startsWith(`${DRAFT}_`) && name.endsWith(ENDING)) rmSync(join(dataDirectory, name));
  }
}
