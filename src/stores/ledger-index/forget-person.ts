/** Rows that show a person say what their records say now. */
import type { Kysely } from "kysely";
import type { Entry } from "../../core/ledger/entry.ts";
import { revealed, type PersonalTexts } from "../../core/ledger/personal-texts.ts";
import { parseEntry } from "../../core/ledger/parse-entry.ts";
import { factsOf } from "../../core/ledger/record-facts.ts";
import type { TenantId } from "../../core/units.ts";
import type { EntryRow, IndexTables } from "./index-schema.ts";

/** Rows of one step. */
const ROWS_MAX = 500;

export interface Person {
  readonly tenant: TenantId;
  readonly person: string;
}

/**
 * All rows of a database, also those that another machine's ledger sent: each says what its own
 * record has in the name's place.
 */
export async function forgetPerson(
  database: Kysely<IndexTables>,
  { tenant, person }: Person,
  personal: PersonalTexts,
): Promise<void> {
  for (let after = -1; ;) {
    const rows = await rowsOf(database, { tenant, person }, after);
    for (const row of rows) {
      await database
        .updateTable("ledger_entry")
        .set(await freshRow(database, row, { person, personal }))
        .where("position", "=", row.position)
        .execute();
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = Number(last.position);
  }
}

type KnownRow = EntryRow & { readonly record: string };

/** An event's free text belongs to its user, else to the event itself. */
function rowsOf(
  database: Kysely<IndexTables>,
  { tenant, person }: Person,
  after: number,
): Promise<KnownRow[]> {
  return database
    .selectFrom("ledger_entry")
    .innerJoin("ledger_record", "ledger_record.position", "ledger_entry.position")
    .selectAll("ledger_entry")
    .select("record")
    .where("tenant", "=", tenant)
    .where((of) => of.or([of("user", "=", person), of("subject", "=", person)]))
    .where("ledger_entry.position", ">", after)
    .orderBy("ledger_entry.position")
    .limit(ROWS_MAX)
    .execute();
}

interface Forgetting {
  readonly person: string;
  readonly personal: PersonalTexts;
}

async function freshRow(
  database: Kysely<IndexTables>,
  row: KnownRow,
  { person, personal }: Forgetting,
) {
  const written = parseEntry(JSON.parse(row.record));
  const token = userIn(written) ?? (await userOfIntent(database, row));
  const user = row.user === person ? token : row.user;
  if (written?.kind !== "event") return { user };
  return { user, words: factsOf(revealed(written, personal), undefined).words };
}

function userIn(entry: Entry | undefined): string | undefined {
  if (entry?.kind === "event") return entry.event.user;
  const told = entry?.kind === "intent" || entry?.kind === "outcome" ? entry.asked : undefined;
  return told?.principal?.user;
}

/** An outcome does not repeat what its intent says; null where that has left the index. */
async function userOfIntent(
  database: Kysely<IndexTables>,
  { writer, subject }: KnownRow,
): Promise<string | null> {
  const found = await database
    .selectFrom("ledger_entry")
    .innerJoin("ledger_record", "ledger_record.position", "ledger_entry.position")
    .select("record")
    .where("subject", "=", subject)
    .where("writer", "=", writer)
    .where("kind", "=", "intent")
    .executeTakeFirst();
  return (found && userIn(parseEntry(JSON.parse(found.record)))) ?? null;
}
