/**
 * Approved definitions as a file in version control: whole texts and not their hashes, so that a
 * review of the change shows what a model will read.
 */
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import { id, type DefinitionHash } from "../units.ts";
import {
  DEFINITION_KINDS,
  definitionHash,
  definitionKey,
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

/** Sorted and indented, so that a change of one definition is a change of its lines alone. */
export function lockText(definitions: readonly LockedDefinition[]): string {
  const entries = definitions.map(({ ref, definition }) => {
    const { upstream, scope, kind, name } = ref;
    return { upstream, scope, kind, name, definition };
  });
  entries.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return `${JSON.stringify({ version: LOCK_VERSION, definitions: entries }, undefined, 2)}\n`;
}

function orderOf({ upstream, scope, kind, name }: DefinitionRef): string {
  return [upstream, kind, name, scope].join("\n");
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
    const key = definitionKey(read.ref);
    if (lock.has(key)) return { kind: "problem", problem: `definition ${index} is there twice` };
    lock.set(key, { hash: definitionHash(read.definition), text: read.definition });
  }
  return { kind: "ok", lock };
}

function readEntry(entry: JsonValue): LockedDefinition | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { upstream, scope, name, definition } = entry;
  const kind = DEFINITION_KINDS.find((word) => word === entry["kind"]);
  if (typeof upstream !== "string" || typeof scope !== "string") return undefined;
  if (typeof name !== "string" || kind === undefined || definition === undefined) return undefined;
  return { ref: { upstream: id(upstream), scope, kind, name }, definition };
}
