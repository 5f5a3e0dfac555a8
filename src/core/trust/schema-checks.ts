import type { JsonObject, JsonValue } from "../json.ts";
import type { DefinitionHash } from "../units.ts";

/** Which side of a tool call is held against the schema that was approved. */
export const SCHEMA_SIDES = ["arguments", "result"] as const;

export type SchemaSide = (typeof SCHEMA_SIDES)[number];

/** One schema, ready to judge values. */
export interface SchemaCheck {
  /** `undefined`: it fits; else what does not, in one clause, without the value. */
  problemOf(value: JsonValue): string | undefined;
}

export type SchemaReply =
  | { readonly kind: "check"; readonly check: SchemaCheck }
  /** Why nothing can be held against it, in one clause. */
  | { readonly kind: "unusable"; readonly problem: string };

/** Compiled schemas of pinned definitions; each is compiled once and kept, within a bound. */
export interface SchemaChecks {
  /** `read` gives the schema where it is not compiled yet; undefined: there is none. */
  of(
    definition: DefinitionHash,
    side: SchemaSide,
    read: () => JsonObject | undefined,
  ): SchemaReply | Promise<SchemaReply>;
}
