import { join } from "node:path";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { Instant } from "../../core/units.ts";
import { openLockSource } from "../../stores/definition-lock.ts";
import { SqliteDefinitionStore } from "../../stores/sqlite/definition-store.ts";
import type { Config } from "../config/config.ts";
import { DefinitionRecorder } from "./definition-recorder.ts";
import type { DefinitionEvents } from "../observe/events.ts";

export interface OpenDefinitions extends AsyncDisposable {
  readonly store: SqliteDefinitionStore;
}

/** Pins of MCP definitions, and what brings their changes onto the ledger. */
export function openDefinitions(
  config: Pick<Config, "dataDirectory" | "definitions">,
  events: DefinitionEvents,
  ledger: Pick<Ledger, "change">,
  now: () => Instant,
): OpenDefinitions {
  const { trust, byUpstream, lockFile } = config.definitions;
  const lock = openLockSource(lockFile, (problem) => events.lockFault(problem));
  const onFault = (cause: unknown): void => events.definitionFault(cause);
  const store: SqliteDefinitionStore = new SqliteDefinitionStore({
    path: join(config.dataDirectory, "definitions.db"),
    now,
    trustOf: (upstream) => byUpstream[upstream] ?? trust,
    lock: () => lock.current(),
    onChange: () => void recorder.record(),
    onFault,
  });
  const recorder: DefinitionRecorder = new DefinitionRecorder(store, ledger, onFault);
  return {
    store,
    async [Symbol.asyncDispose]() {
      await recorder[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}
