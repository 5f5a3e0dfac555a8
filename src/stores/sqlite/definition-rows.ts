/** Pins as rows: statements, and the way from a row to a pin and back. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import type { JsonValue } from "../../core/json.ts";
import {
  DEFINITION_ERAS,
  DEFINITION_KINDS,
  definitionHash,
  HASH_ALGORITHM,
  type DefinitionRef,
} from "../../core/trust/definition.ts";
import { standingOf, SUSPICIONS, type Pin, type Suspicion } from "../../core/trust/pin.ts";
import { id } from "../../core/units.ts";

/** Texts are kept whole: hashes can be made again from them, and differences shown. */
export const DEFINITION_MIGRATIONS: readonly string[] = [
  `CREATE TABLE definition (
     upstream TEXT NOT NULL,
     scope TEXT NOT NULL,
     kind TEXT NOT NULL,
     name TEXT NOT NULL,
     algorithm INTEGER NOT NULL,
     approved TEXT,
     approved_text TEXT,
     approved_by TEXT,
     approved_at INTEGER,
     seen TEXT NOT NULL,
     seen_text TEXT NOT NULL,
     first_seen_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     suspicions TEXT NOT NULL,
     PRIMARY KEY (upstream, scope, kind, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE definition_change (
     id INTEGER PRIMARY KEY,
     body TEXT NOT NULL,
     claimed_at INTEGER
   ) STRICT;`,
  // What was approved before eras were told apart was approved for both.
  `CREATE TABLE definition_form (
     upstream TEXT NOT NULL,
     scope TEXT NOT NULL,
     kind TEXT NOT NULL,
     name TEXT NOT NULL,
     era TEXT NOT NULL,
     algorithm INTEGER NOT NULL,
     approved TEXT,
     approved_text TEXT,
     approved_by TEXT,
     approved_at INTEGER,
     seen TEXT NOT NULL,
     seen_text TEXT NOT NULL,
     first_seen_at INTEGER NOT NULL,
     changed_at INTEGER NOT NULL,
     suspicions TEXT NOT NULL,
     PRIMARY KEY (upstream, scope, kind, name, era)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO definition_form
     SELECT upstream, scope, kind, name, era.value, algorithm, approved, approved_text, approved_by,
       approved_at, seen, seen_text, first_seen_at, changed_at, suspicions
     FROM definition, json_each('["2025", "2026"]') era;
   DROP TABLE definition;
   ALTER TABLE definition_form RENAME TO definition;`,
];

/** A pin with what the operator wants to know of it. */
export interface PinnedDefinition {
  readonly pin: Pin;
  readonly approvedText: JsonValue | undefined;
  readonly seenText: JsonValue;
  readonly approvedBy: string | undefined;
  readonly approvedAt: number | undefined;
  readonly firstSeenAt: number;
  readonly changedAt: number;
}

export interface DefinitionStatements {
  readonly all: StatementSync;
  readonly one: StatementSync;
  readonly see: StatementSync;
  /** Gives the form of one era all that the other's has. */
  readonly copy: StatementSync;
  readonly approve: StatementSync;
  readonly rehash: StatementSync;
  readonly queue: StatementSync;
  readonly unclaimed: StatementSync;
  readonly claim: StatementSync;
  readonly seal: StatementSync;
  readonly version: StatementSync;
}

const KEY = "upstream = ? AND scope = ? AND kind = ? AND name = ? AND era = ?";

export function prepareDefinitions(database: DatabaseSync): DefinitionStatements {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    all: prepare("SELECT * FROM definition ORDER BY upstream, kind, name, scope, era"),
    one: prepare(`SELECT * FROM definition WHERE ${KEY}`),
    see: prepare(
      `INSERT INTO definition (upstream, scope, kind, name, era, algorithm, approved, approved_text,
         approved_by, approved_at, seen, seen_text, first_seen_at, changed_at, suspicions)
       VALUES (?, ?, ?, ?, ?, ${HASH_ALGORITHM}, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET seen = excluded.seen, seen_text = excluded.seen_text,
         changed_at = excluded.changed_at, suspicions = excluded.suspicions`,
    ),
    copy: prepare(
      `INSERT INTO definition
       SELECT upstream, scope, kind, name, ?, algorithm, approved, approved_text, approved_by,
         approved_at, seen, seen_text, first_seen_at, changed_at, suspicions
       FROM definition WHERE ${KEY}`,
    ),
    approve: prepare(
      `UPDATE definition SET approved = seen, approved_text = seen_text, approved_by = ?,
         approved_at = ? WHERE ${KEY} AND seen = ?`,
    ),
    rehash: prepare(
      `UPDATE definition SET algorithm = ${HASH_ALGORITHM}, approved = ?, seen = ? WHERE ${KEY}`,
    ),
    queue: prepare("INSERT INTO definition_change (body) VALUES (?)"),
    unclaimed: prepare(
      `SELECT id, body FROM definition_change
       WHERE claimed_at IS NULL OR claimed_at < ? ORDER BY id LIMIT ?`,
    ),
    claim: prepare("UPDATE definition_change SET claimed_at = ? WHERE id = ?"),
    seal: prepare("DELETE FROM definition_change WHERE id = ?"),
    version: prepare("PRAGMA data_version"),
  };
}

export type Row = Readonly<Record<string, SQLOutputValue>>;

export function keyValues({ upstream, scope, kind, name, era }: DefinitionRef): string[] {
  return [upstream, scope, kind, name, era];
}

export function pinnedOf(row: Row): PinnedDefinition {
  const kind = DEFINITION_KINDS.find((word) => word === row["kind"]) ?? "tool";
  const ref: DefinitionRef = {
    upstream: id(String(row["upstream"])),
    scope: String(row["scope"]),
    kind,
    name: String(row["name"]),
    era: DEFINITION_ERAS.find((word) => word === row["era"]) ?? "2025",
  };
  const approvedText = row["approved_text"] === null ? undefined : parsed(row["approved_text"]);
  const seenText = parsed(row["seen_text"]);
  const approved = row["approved"] === null ? undefined : id<Pin["seen"]>(String(row["approved"]));
  const seen = id<Pin["seen"]>(String(row["seen"]));
  const suspicions = suspicionsOf(parsed(row["suspicions"]));
  const standing = standingOf(approved, seen);
  return {
    pin: Object.freeze({ ref, standing, approved, seen, suspicions }),
    approvedText,
    seenText,
    approvedBy: row["approved_by"] === null ? undefined : String(row["approved_by"]),
    approvedAt: row["approved_at"] === null ? undefined : Number(row["approved_at"]),
    firstSeenAt: Number(row["first_seen_at"]),
    changedAt: Number(row["changed_at"]),
  };
}

/** A row of an older algorithm, counted again from its texts; undefined where nothing is to do. */
export function rehashed(row: Row): readonly [approved: string | null, seen: string] | undefined {
  if (Number(row["algorithm"]) === HASH_ALGORITHM) return undefined;
  const approved = row["approved_text"];
  return [
    approved === null ? null : definitionHash(parsed(approved)),
    definitionHash(parsed(row["seen_text"])),
  ];
}

function parsed(text: SQLOutputValue | undefined): JsonValue {
  const value: JsonValue = JSON.parse(String(text));
  return value;
}

function suspicionsOf(value: JsonValue): readonly Suspicion[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => {
    const kind = SUSPICIONS.find((word) => word === entry["kind"]);
    if (kind === undefined) return [];
    return [{ kind, detail: String(entry["detail"]), holds: entry["holds"] === true }];
  });
}
