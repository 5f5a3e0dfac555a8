/** Calls as they are recorded: decided by real policies, written and read as the ledger does. */
import type { Action } from "../../../src/core/action.ts";
import type { Facts } from "../../../src/core/evidence.ts";
import type { Entry } from "../../../src/core/ledger/entry.ts";
import { parseEntry } from "../../../src/core/ledger/parse-entry.ts";
import { GENESIS } from "../../../src/core/ledger/record-chain.ts";
import { intentBody, outcomeBody } from "../../../src/core/ledger/record-exchange.ts";
import type { PolicyFacts } from "../../../src/core/policy/policy-snapshot.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { pairRecords } from "../../../src/core/replay/pair-records.ts";
import type { RecordedCall } from "../../../src/core/replay/recorded-call.ts";
import type { ReplayPolicies } from "../../../src/core/replay/replay-call.ts";
import { id, instant, type Digest } from "../../../src/core/units.ts";
import { decide } from "../../../src/pipeline/decide.ts";
import { chainRecord } from "../../support/chain-record.ts";
import { intentFacts, outcomeFacts, UPSTREAM } from "../ledger/ledger-facts.ts";
import { type compiled, facts as policyFacts, principal as bot } from "../policy/policy-fixture.ts";

export type Compiled = ReturnType<typeof compiled>;

export interface MadeCall {
  readonly action: Action;
  readonly principal?: Principal;
  readonly facts?: Partial<PolicyFacts>;
  readonly at?: number;
  readonly changes?: Partial<Facts>;
}

const DAY = Date.parse("2026-11-20T10:00:00Z");
const OPENED = "a".repeat(64);

/** The one or two records of a call that these policies decided. */
export function recordsOf({ snapshot }: Compiled, made: MadeCall, n = 1): readonly Entry[] {
  const { action, principal = bot(), at = DAY } = made;
  const facts = policyFacts({ now: instant(at), ...made.facts });
  const { decision, verdict } = decide(snapshot, principal, action, facts);
  const told: Partial<Facts> = {
    at: instant(at),
    upstream: { ...UPSTREAM, name: action.upstream },
    policy: snapshot.digest,
    principal,
    action,
    decision,
    reservation: undefined,
    findings: facts.findings ?? [],
    usage: undefined,
    ...made.changes,
  };
  const exchange = `exc_${n}`;
  if (verdict.kind === "halt") {
    const { code, detail } = verdict.refusal;
    const outcome = { kind: "refused", code, detail } as const;
    const refused = { ...told, outcome, sent: false, opened: undefined };
    return [read(outcomeBody(outcomeFacts(exchange, undefined, refused), instant(at + 5)))];
  }
  return [
    read(intentBody(intentFacts(exchange, told))),
    read(outcomeBody(outcomeFacts(exchange, id<Digest>(OPENED), told), instant(at + 5))),
  ];
}

export function callOf(policies: Compiled, made: MadeCall): RecordedCall {
  const calls: (RecordedCall | undefined)[] = [];
  const pairing = pairRecords((call) => calls.push(call));
  for (const entry of recordsOf(policies, made)) pairing.take(entry);
  const [call] = calls;
  if (call === undefined || calls.length > 1) throw new Error("not one judged call");
  return call;
}

export function replayable({ snapshot, rules }: Compiled): ReplayPolicies {
  return { digest: snapshot.digest, rules };
}

function read(body: string): Entry {
  const { line } = chainRecord(body, { seq: 1, prev: GENESIS }, "w_00000000000000000000000000");
  const { record } = JSON.parse(line);
  const entry = parseEntry(record);
  if (entry === undefined) throw new Error(`not a record: ${line}`);
  return entry;
}
