/**
 * Approved definitions as a file in version control: whole texts and not their hashes, so that a
 * review of the change shows what a model will read.
 */
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { id, type DefinitionHash } from "../units.ts";
import {
  DEFINITION_ERAS,
  DEFINITION_KINDS,
  definitionHash,
  definitionKey,
  otherForm,
  type DefinitionRef,
} from "./definition.ts";

export interface LockedDefinition {
  readonly ref: DefinitionRef;
  readonly definition: JsonValue;
}

/** By `definitionKey`. */
export type Lock = ReadonlyMap<string, { readonly hash: DefinitionHash; readonly text: JsonValue }>;

export type LockReading =
  | { readonly kind: "ok"; readonly lock: Lock }
  /** One clause. */
  | { readonly kind: "problem"; readonly problem: string };

const LOCK_VERSION = 1;

/**
 * Sorted and indented, so that a change of one definition is a change of its lines alone. An entry
 * without an era is for both of them.
 */
export function lockText(definitions: readonly LockedDefinition[]): string {
  const hashes = new Map(
    definitions.map(({ ref, definition }) => [definitionKey(ref), definitionHash(definition)]),
  );
  const entries = definitions.flatMap(({ ref, definition }) => {
    const { upstream, scope, kind, name, era } = ref;
    const other = hashes.get(definitionKey(otherForm(ref)));
    const entry = { upstream, scope, kind, name };
    if (other === undefined) return { ...entry, definition };
    if (other !== definitionHash(definition)) return { ...entry, era, definition };
    return era === DEFINITION_ERAS[0] ? { ...entry, definition } : [];
  });
  entries.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return `${JSON.stringify({ version: LOCK_VERSION, definitions: entries }, undefined, 2)}\n`;
}

type Entry = Omit<DefinitionRef, "era"> & { readonly era?: string };

function orderOf({ upstream, scope, kind, name, era = "" }: Entry): string {
  return [upstream, kind, name, scope, era].join("\n");
}

export function readLock(text: string): LockReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "problem", problem: "it is not JSON" };
  }
  if (!isJsonObject(value) || value["version"] !== LOCK_VERSION) {
    return { kind: "problem", problem: `it must have version ${LOCK_VERSION}` };
  }
  const entries = value["definitions"];
  if (!isJsonArray(entries)) return { kind: "problem", problem: "it has no definitions" };
  const lock = new Map<string, { hash: DefinitionHash; text: JsonValue }>();
  for (const [index, entry] of entries.entries()) {
    const read = readEntry(entry);
    if (read === undefined)
      return { kind: "problem", problem: `definition ${index} is incomplete` };
    for (const { ref, definition } of read) {
      const key = definitionKey(ref);
      if (lock.has(key)) return { kind: "problem", problem: `definition ${index} is there twice` };
      lock.set(key, { hash: definitionHash(definition), text: definition });
    }
  }
  return { kind: "ok", lock };
}

/** For each era that it is for. */
function readEntry(entry: JsonValue): readonly LockedDefinition[] | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { upstream, scope, name, definition } = entry;
  const kind = DEFINITION_KINDS.find((word) => word === entry["kind"]);
  if (typeof upstream !== "string" || typeof scope !== "string") return undefined;
  if (typeof name !== "string" || kind === undefined || definition === undefined) return undefined;
  const said = entry["era"];
  const eras = DEFINITION_ERAS.filter((era) => said === undefined || said === era);
  if (eras.length === 0) return undefined;
  return eras.map((era) => ({
    ref: { upstream: id(upstream), scope, kind, name, era },
    definition,
  }));
}
