/** A definition that the clients of each era are told in another way. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { isJsonObject, type JsonValue } from "../json.ts";
import type { DefinitionEra } from "./definition.ts";
import type { Suspicion } from "./pin.ts";

/** What an era's own rules ask for, and no model acts on: how tasks are made, what results are. */
const ERA_MEMBERS = ["execution", "outputSchema"] as const;

/**
 * A person looks before clients of one era are told something else than what was approved for the
 * other: else a server could show its new words to those who come by the other era first.
 */
export function otherWords(
  definition: JsonValue,
  approved: JsonValue | undefined,
  era: DefinitionEra,
): readonly Suspicion[] {
  if (approved === undefined || wordsOf(definition) === wordsOf(approved)) return [];
  const detail = `clients of the ${era} era are told something else than was approved`;
  return [{ kind: "other_words", detail, holds: true }];
}

function wordsOf(definition: JsonValue): string {
  if (!isJsonObject(definition)) return canonicalJson(definition);
  const words: Record<string, JsonValue> = { ...definition };
  for (const member of ERA_MEMBERS) delete words[member];
  return canonicalJson(words);
}
