import type { Entry, EntryBodies, EntryKind } from "../../core/identity/directory-entry.ts";
import { id, instant } from "../../core/units.ts";
import type { EntryRow } from "./directory-schema.ts";

/** Our own row: what `JSON.stringify` left out was undefined, and reads as undefined again. */
export function readEntry<K extends EntryKind>(kind: K, row: EntryRow): Entry<K> {
  const body: EntryBodies[K] = JSON.parse(row.body ?? "null");
  return {
    kind,
    id: row.id,
    tenant: id(row.tenant),
    revision: Number(row.revision),
    createdAt: instant(Number(row.created_at)),
    body,
  };
}
