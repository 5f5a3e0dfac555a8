/** Goes through recorded traffic call by call, whoever looks at it and wherever it is read from. */
import type { Entry } from "../../core/ledger/entry.ts";
import { pairRecords, type CallListener } from "../../core/replay/pair-records.ts";
import type { ReplayPolicies } from "../../core/replay/replay-call.ts";
import { createSimulator, type Simulation } from "../../core/replay/simulation.ts";
import type { Instant } from "../../core/units.ts";
import { nextTurn } from "../../lib/next-turn.ts";

/** Of which calls to hear; undefined: of all. */
export interface TrafficFilter {
  readonly agent: string | undefined;
  readonly tenant: string | undefined;
  /** Before. */
  readonly to: Instant | undefined;
}

export interface Traffic {
  readonly entries: AsyncIterable<Entry>;
  readonly filter: TrafficFilter;
  /** Records read at most. */
  readonly max: number;
}

/** How far it came. */
export interface Heard {
  readonly records: number;
  /** Whether there was more than `max`. */
  readonly truncated: boolean;
}

export type SimulatedTraffic = Simulation & Heard;

/** Records between two turns of the event loop: some milliseconds of work. */
const RECORDS_A_TURN = 200;

export async function simulateTraffic(
  traffic: Traffic,
  candidate: ReplayPolicies,
  decided: ReplayPolicies | undefined,
): Promise<SimulatedTraffic> {
  const simulator = createSimulator(candidate, decided);
  const heard = await hearTraffic(traffic, (call) => simulator.observe(call));
  return { ...simulator.report(), ...heard };
}

export async function hearTraffic(
  { entries, filter, max }: Traffic,
  told: CallListener,
): Promise<Heard> {
  const pairing = pairRecords(told);
  let records = 0;
  let truncated = false;
  for await (const entry of entries) {
    if (records >= max) {
      truncated = true;
      break;
    }
    records += 1;
    if (isWanted(entry, filter)) pairing.take(entry);
    if (records % RECORDS_A_TURN === 0) await nextTurn();
  }
  pairing.finish();
  return { records, truncated };
}

/** An outcome whose intent says who asked is wanted if the intent was. */
function isWanted(entry: Entry, { agent, tenant, to }: TrafficFilter): boolean {
  if (entry.kind !== "intent" && entry.kind !== "outcome") return false;
  if (to !== undefined && entry.at >= to && entry.kind === "intent") return false;
  const { asked } = entry;
  if (asked === undefined) return true;
  if (to !== undefined && entry.at >= to) return false;
  const { principal } = asked;
  if (agent !== undefined && principal?.agent !== agent) return false;
  return tenant === undefined || principal?.tenant === tenant;
}
