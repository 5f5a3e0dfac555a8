/** How far replicas have come with holds and erasures, as callers of a tenant are shown it. */
import { done, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import type { Query } from "../../core/identity/directory-store.ts";
import { findEntry } from "../identity/find-entry.ts";
import { standingOf, type RetentionPorts, type Standing } from "./retention.ts";

type Ports = Pick<RetentionPorts, "store" | "book">;
type Kind = "hold" | "erasure";

/** One page of those that `isShown` says yes to. */
export async function listStandings<K extends Kind>(
  kind: K,
  query: Query,
  ports: Ports,
  isShown: (order: Entry<K>) => boolean = () => true,
): Promise<readonly Standing<K>[]> {
  const shown: Entry<K>[] = [];
  for (let { after } = query; ;) {
    const found = await ports.store.list(kind, { ...query, after });
    shown.push(...found.filter(isShown));
    after = found.at(-1)?.id;
    if (found.length < query.limit || shown.length >= query.limit) break;
  }
  const page = shown.slice(0, query.limit);
  return Promise.all(page.map((order) => standingOf(order, ports)));
}

export async function showStanding<K extends Kind>(
  kind: K,
  id: string,
  caller: Caller,
  ports: Ports,
): Promise<Answer<Standing<K>>> {
  const found = await findEntry(kind, id, caller, ports);
  return found.kind === "fault" ? found : done(await standingOf(found.value, ports));
}
