import type { Entry, EntryBodies, EntryKind } from "../../core/identity/directory-entry.ts";
import { FOLLOWED, type FeedEntry } from "../../core/identity/access-index.ts";
import type { SharedEntry, SharedKind } from "../../core/identity/shared-kinds.ts";
import { id, instant } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import type { EntryRow } from "./directory-schema.ts";

export type EntryColumns = Pick<EntryRow, "id" | "tenant" | "revision" | "created_at" | "body">;

/** Our own row: what `JSON.stringify` left out was undefined, and reads as undefined again. */
export function readEntry<K extends EntryKind>(kind: K, row: EntryColumns): Entry<K> {
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

export function readShared(kind: SharedKind, row: EntryColumns): SharedEntry {
  switch (kind) {
    case "session":
      return readEntry(kind, row);
    case "stop":
      return readEntry(kind, row);
    case "signing_key":
      return readEntry(kind, row);
    case "hold":
      return readEntry(kind, row);
    case "erasure":
      return readEntry(kind, row);
    case "carried":
      return readEntry(kind, row);
    case "replica":
      return readEntry(kind, row);
    default:
      return impossible(kind);
  }
}

export interface FeedRow {
  readonly [column: string]: unknown;
}

/** As `readEntry`, for the kinds that are followed; a removed entry has no body. */
export function readFeedEntry(row: FeedRow): FeedEntry {
  const kind = FOLLOWED.find((followed) => followed === row["kind"]);
  if (kind === undefined)
    throw new TypeError(`the feed has an entry of kind ${String(row["kind"])}`);
  const { body } = row;
  return {
    kind,
    id: String(row["id"]),
    tenant: id(String(row["tenant"])),
    revision: Number(row["revision"]),
    body: typeof body === "string" ? JSON.parse(body) : undefined,
  };
}
