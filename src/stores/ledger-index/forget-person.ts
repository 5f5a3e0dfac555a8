/** Rows that show a person say what their records say now. */
import type { Kysely } from "kysely";
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
  /** What the records have in the name's place. */
  readonly token: string;
}

export async function forgetPerson(
  database: Kysely<IndexTables>,
  person: Person,
  personal: PersonalTexts,
): Promise<void> {
  for (let after = -1; ;) {
    const rows = await rowsOf(database, person, after);
    for (const row of rows) {
      await database
        .updateTable("ledger_entry")
        .set(freshRow(row, person, personal))
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
  { tenant, person }: Pick<Person, "tenant" | "person">,
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

function freshRow(row: KnownRow, { person, token }: Person, personal: PersonalTexts) {
  const user = row.user === person ? token : row.user;
  const written = row.kind === "event" ? parseEntry(JSON.parse(row.record)) : undefined;
  if (written === undefined) return { user };
  return { user, words: factsOf(revealed(written, personal), undefined).words };
}
