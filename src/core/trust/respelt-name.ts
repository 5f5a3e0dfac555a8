/** Names that a server could take for one that it lists. */
import { foldName } from "../fold-name.ts";
import { DEFINITION_ERAS, definitionKey, type DefinitionRef } from "./definition.ts";
import type { Pin } from "./pin.ts";

/** The listed name of each folded one, whatever era's clients are told it. */
export type ListedNames = ReadonlyMap<string, string>;

export function listedNames(pins: Iterable<Pin>): ListedNames {
  const names = new Map<string, string>();
  for (const { ref } of pins) names.set(foldedKey(ref), ref.name);
  return names;
}

/** What the server lists in place of a name that it does not list; undefined: nothing like it. */
export function listedNameOf(ref: DefinitionRef, names: ListedNames): string | undefined {
  return names.get(foldedKey(ref));
}

function foldedKey(ref: DefinitionRef): string {
  return definitionKey({ ...ref, name: foldName(ref.name), era: DEFINITION_ERAS[0] });
}
