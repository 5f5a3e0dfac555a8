/**
 * Legal holds as programs before November 2026 kept them: a file of each data directory. They go
 * on in the directory, where every replica hears of them.
 */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { DirectoryStore } from "../../core/identity/directory-store.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { isJsonObject, type JsonValue } from "../../core/json.ts";
import { instant, type Instant } from "../../core/units.ts";

const heldBefore = (dataDirectory: string): string => join(dataDirectory, "ledger-holds.json");

export function hasHoldsToAdopt(dataDirectory: string): boolean {
  return existsSync(heldBefore(dataDirectory));
}

/** Again after a crash: one that is there already stays as it is, also where it was released. */
export async function adoptHolds(
  dataDirectory: string,
  store: Pick<DirectoryStore, "write">,
): Promise<void> {
  if (!hasHoldsToAdopt(dataDirectory)) return;
  const path = heldBefore(dataDirectory);
  const holds: JsonValue = JSON.parse(await readFile(path, "utf8"));
  // One that cannot be read must stop everything: it may hold.
  if (!Array.isArray(holds)) throw new Error(`${path}: not a list of legal holds`);
  for (const entry of holds.map((hold) => entryOf(hold, path))) {
    await store.write({ kind: "put", entry, expect: "absent" });
  }
  await rm(path, { force: true });
}

function entryOf(hold: JsonValue, path: string): Omit<Entry<"hold">, "revision"> {
  if (!isJsonObject(hold)) throw new Error(`${path}: not a legal hold`);
  const { id, reason, by, at, from, to, person } = hold;
  if (typeof id !== "string" || typeof reason !== "string" || typeof by !== "string") {
    throw new Error(`${path}: a legal hold without id, reason or author`);
  }
  const body = {
    reason,
    by,
    from: timeOf(from),
    to: timeOf(to),
    person: typeof person === "string" ? person : undefined,
    released: undefined,
  };
  return { kind: "hold", id, tenant: DEFAULT_TENANT, createdAt: timeOf(at) ?? instant(0), body };
}

function timeOf(value: JsonValue | undefined): Instant | undefined {
  return typeof value === "number" ? instant(value) : undefined;
}
