/** Retention, holds and erasure on a data directory. */
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { Change } from "../../core/ledger/entry.ts";
import { everythingOf, type LedgerIndex } from "../../core/ledger/ledger-index.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { id, type Instant, type TenantId } from "../../core/units.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import type { OrderStore, PersonRegister } from "../../operations/records/carry-out.ts";
import type { RetentionPorts } from "../../operations/records/retention.ts";
import { cursorFile, readCursor } from "../../stores/ledger-sinks/sink-cursor.ts";
import type { Person } from "../../stores/ledger-index/forget-person.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { chainsOf } from "../../stores/ledger/read-ledger.ts";
import { retentionFiles } from "../../stores/ledger/retention-files.ts";
import { orderFile, SqliteOrderBook } from "../../stores/sqlite/order-book.ts";
import {
  fingerprint,
  personalFile,
  SqlitePersonalStore,
} from "../../stores/sqlite/personal-store.ts";
import { SqliteUsageStore } from "../../stores/sqlite/usage-store.ts";
import type { Config } from "../config/config.ts";
import { usagePath } from "../observe/usage-listener.ts";

export interface RetentionParts {
  readonly config: Pick<Config, "dataDirectory" | "ledger">;
  readonly ledger: Pick<Ledger, "change" | "healthy">;
  /** What else shows records: it forgets them, too. */
  readonly index: IndexedCopy;
  /** Where orders stand for all replicas. */
  readonly store: OrderStore;
  readonly now: () => Instant;
}

export interface IndexedCopy extends Pick<LedgerIndex, "page"> {
  drop(writer: string, seq: number): Promise<void>;
  forgetPerson(person: Person): Promise<void>;
}

export interface OpenRetention extends Disposable {
  readonly ports: RetentionPorts;
}

const PAUSE_MS = 50;
const PAGE_MAX = 200;

/** Throws the system's error where a file of the data directory cannot be opened. */
export function openRetention(parts: RetentionParts): OpenRetention {
  const { config, ledger, index, store, now } = parts;
  const { dataDirectory } = config;
  using started = new DisposableStack();
  const personal = started.use(
    new SqlitePersonalStore(personalFile(dataDirectory), (cause) => {
      throw cause;
    }),
  );
  const book = started.use(new SqliteOrderBook(orderFile(dataDirectory), now));
  const segments = retentionFiles({
    ledger: ledgerDirectory(dataDirectory),
    isShipped: (writer, number) => isShipped(config, writer, number),
    forget: (writer, seq) => index.drop(writer, seq),
  });
  const ports: RetentionPorts = {
    store,
    ledger,
    segments,
    people: peopleOf(personal, index, usagePath(config)),
    book,
    isRecorded: (change, since) => isRecorded({ dataDirectory, index }, change, since),
    host: hostname(),
    pause: () => pause(PAUSE_MS),
    now,
  };
  const owned = started.move();
  return { ports, [Symbol.dispose]: () => owned.dispose() };
}

function peopleOf(
  personal: SqlitePersonalStore,
  index: IndexedCopy,
  usageFile: string,
): PersonRegister {
  return {
    fingerprint,
    personOf: (tenant, who) => personal.personOf(tenant, who),
    tokensOf: (tenant, person) => personal.tokensOf(tenant, person),
    tokenOfErased: (who) => personal.tokenOfErased(who),
    async erase(tenant, person) {
      personal.erase(tenant, person);
      using usage = new SqliteUsageStore(usageFile, () => undefined);
      usage.forget(tenant, person);
      await index.forgetPerson({ tenant, person });
    },
  };
}

interface OwnRecord {
  readonly dataDirectory: string;
  readonly index: IndexedCopy;
}

/** An index that replicas share also knows what the others have recorded. */
async function isRecorded(
  { dataDirectory, index }: OwnRecord,
  { change, about, detail }: Change,
  since: Instant,
): Promise<boolean> {
  const own = new Set(await chainsOf(ledgerDirectory(dataDirectory)));
  const tenant = typeof detail["tenant"] === "string" ? detail["tenant"] : DEFAULT_TENANT;
  const only = { kind: ["change"], action: [change] };
  const asked = { ...everythingOf(id<TenantId>(tenant)), only, from: since };
  for (let after: string | undefined; ;) {
    const page = await index.page({ ...asked, order: "oldest", after, limit: PAGE_MAX });
    for (const { writer, record } of page.records) {
      const said: JsonValue = JSON.parse(record);
      if (own.has(writer) && isJsonObject(said) && said["about"] === about) return true;
    }
    after = page.next;
    if (after === undefined) return false;
  }
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
