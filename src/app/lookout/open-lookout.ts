import { join } from "node:path";
import type { Ledger } from "../../core/ledger/ledger.ts";
import type { Config } from "../config/config.ts";
import type { Events } from "../observe/events.ts";
import { Lookout } from "./lookout.ts";
import { LAST_NOTE, recordStuck, wasStuck } from "./stuck-notes.ts";

/** Undefined where the operator wants none. What was stuck before goes on the record first. */
export async function openLookout(
  { dataDirectory, limits, upstreams }: Config,
  events: Pick<Events, "lookStuck">,
  ledger: Ledger,
): Promise<Lookout | undefined> {
  const notes = await recordStuck(dataDirectory, ledger, upstreams);
  const isCareful = wasStuck(dataDirectory);
  if (isCareful) events.lookStuck(notes.length, join(dataDirectory, LAST_NOTE));
  if (limits.stuck === 0) return undefined;
  // Loaded by those who need it.
  const careful = isCareful ? (await import("./careful-looks.ts")).carefulLooks() : undefined;
  return new Lookout(limits.stuck, dataDirectory, careful);
}
