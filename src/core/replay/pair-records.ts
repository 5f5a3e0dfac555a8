import type { Entry, IntentEntry } from "../ledger/entry.ts";
import { recordedCall, type RecordedCall } from "./recorded-call.ts";

/** Exchanges whose outcome has not come yet; a writer has no more of them open. */
const OPEN_MAX = 100_000;

/** Told of every exchange once; `undefined`: it ended before policy was asked. */
export type CallListener = (call: RecordedCall | undefined) => void;

export interface Pairing {
  take(entry: Entry): void;
  /** Those whose outcome is not on the record. */
  finish(): void;
}

/** Two records of one exchange become one call, when the second comes. */
export function pairRecords(told: CallListener): Pairing {
  const open = new Map<string, IntentEntry>();
  return {
    take(entry) {
      if (entry.kind === "intent") {
        const oldest = open.entries().next();
        if (open.size >= OPEN_MAX && oldest.done !== true) {
          const [exchange, intent] = oldest.value;
          open.delete(exchange);
          told(recordedCall({ intent, outcome: undefined }));
        }
        open.set(entry.exchange, entry);
      }
      if (entry.kind !== "outcome") return;
      const intent = open.get(entry.exchange);
      open.delete(entry.exchange);
      // Its intent is older than what is read.
      if (intent === undefined && entry.intent !== undefined) return;
      told(recordedCall({ intent, outcome: entry }));
    },
    finish() {
      for (const intent of open.values()) told(recordedCall({ intent, outcome: undefined }));
      open.clear();
    },
  };
}
