import { existsSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { ToolSchemas } from "../../core/policy/tool-schemas.ts";
import { definitionLabel } from "../../core/trust/definition.ts";
import { instant } from "../../core/units.ts";
import { openLockSource } from "../../stores/definition-lock.ts";
import { SqliteDefinitionStore } from "../../stores/sqlite/definition-store.ts";
import type { Config } from "../config/config.ts";

/** Approved input schemas of all tools, for conditions to be checked against. */
export function readToolSchemas(
  config: Pick<Config, "dataDirectory" | "definitions">,
): ToolSchemas {
  const schemas = new Map<string, JsonObject[]>();
  const path = join(config.dataDirectory, "definitions.db");
  if (!existsSync(path)) return schemas;
  const { trust, byUpstream, lockFile } = config.definitions;
  const lock = openLockSource(lockFile, nobodyListens);
  using store = new SqliteDefinitionStore({
    path,
    // Nothing is written: what is read has its times already.
    now: () => instant(0),
    trustOf: (upstream) => byUpstream[upstream] ?? trust,
    lock: () => lock.current(),
    onChange: nobodyListens,
    onFault: nobodyListens,
  });
  for (const { pin, approvedText } of store.list()) {
    if (pin.ref.kind !== "tool" || !isJsonObject(approvedText)) continue;
    const schema = approvedText["inputSchema"];
    if (!isJsonObject(schema)) continue;
    const name = definitionLabel(pin.ref);
    schemas.set(name, [...(schemas.get(name) ?? []), schema]);
  }
  return schemas;
}

function nobodyListens(): void {
  // The gateway's own store tells of changes and faults.
}
