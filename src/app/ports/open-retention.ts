/** Retention, holds and erasure on a data directory. */
import { join } from "node:path";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { Instant } from "../../core/units.ts";
import type { RetentionPorts } from "../../operations/records/retention.ts";
import { cursorFile, readCursor } from "../../stores/ledger-sinks/sink-cursor.ts";
import type { Person } from "../../stores/ledger-index/forget-person.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { retentionFiles } from "../../stores/ledger/retention-files.ts";
import { personalFile, SqlitePersonalStore } from "../../stores/sqlite/personal-store.ts";
import type { Config } from "../config/config.ts";

export interface RetentionParts {
  readonly config: Pick<Config, "dataDirectory" | "ledger">;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  /** What else shows records: it forgets them, too. */
  readonly index: IndexedCopy;
  readonly now: () => Instant;
}

export interface IndexedCopy {
  drop(writer: string, seq: number): Promise<void>;
  forgetPerson(person: Person): Promise<void>;
}

export interface OpenRetention extends Disposable {
  readonly ports: RetentionPorts;
}

export function openRetention({ config, ledger, index, now }: RetentionParts): OpenRetention {
  const { dataDirectory } = config;
  const personal = new SqlitePersonalStore(personalFile(dataDirectory), (cause) => {
    throw cause;
  });
  const retention = retentionFiles({
    ledger: ledgerDirectory(dataDirectory),
    holdsFile: join(dataDirectory, "ledger-holds.json"),
    isShipped: (writer, number) => isShipped(config, writer, number),
    forget: (writer, seq) => index.drop(writer, seq),
  });
  const people: RetentionPorts["people"] = {
    tokensOf: (tenant, person) => personal.tokensOf(tenant, person),
    async erase(tenant, person) {
      const tokens = personal.tokensOf(tenant, person);
      const token = tokens.find((one) => personal.reveal(one) === person) ?? "";
      personal.erase(tenant, person);
      await index.forgetPerson({ tenant, person, token });
    },
  };
  return {
    ports: { ledger, retention, people, now },
    [Symbol.dispose]: () => personal[Symbol.dispose](),
  };
}

async function isShipped(
  { dataDirectory, ledger: { sinks } }: RetentionParts["config"],
  writer: string,
  segment: number,
): Promise<boolean> {
  for (const { name } of sinks) {
    const cursor = await readCursor(cursorFile(dataDirectory, name));
    if ((cursor.get(writer)?.number ?? 0) <= segment) return false;
  }
  return true;
}
