/** A decision on the record: what was decided, by which rules, and whether its paper is genuine. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import type { JsonObject } from "../../core/json.ts";
import { readSignedDecision, type DocumentKey } from "../../core/ledger/document-signing.ts";
import type { IntentEntry, OutcomeEntry } from "../../core/ledger/entry.ts";
import { everythingOf, type LedgerIndex } from "../../core/ledger/ledger-index.ts";
import { parseEntry } from "../../core/ledger/parse-entry.ts";
import { KEY_USED } from "../../core/ledger/retention.ts";
import { explainCall, type SelectingRule } from "../../core/replay/explain-call.ts";
import { recordedCall, type RecordedCall } from "../../core/replay/recorded-call.ts";
import { createReplay, type Replayed, type ReplayPolicies } from "../../core/replay/replay-call.ts";
import { asked, findRecords } from "../records/read-records.ts";

export interface RecordedDecision {
  readonly call: RecordedCall;
  readonly outcome: OutcomeEntry | undefined;
  /** Whether the policies that decided are still in force. */
  readonly inForce: boolean;
  /** Rules that select the call; undefined where other policies decided, or are not the caller's. */
  readonly rules: readonly SelectingRule[] | undefined;
  /** What the policies in force say of it. */
  readonly now: Replayed;
}

export interface DecisionPorts {
  readonly index: LedgerIndex;
  inForce(): Promise<ReplayPolicies>;
}

export async function explainDecision(
  caller: Caller,
  exchange: string,
  ports: DecisionPorts,
): Promise<Answer<RecordedDecision>> {
  const found = await findRecords(caller, exchange, ports.index);
  if (found.kind === "fault") return found;
  let intent: IntentEntry | undefined;
  let outcome: OutcomeEntry | undefined;
  for (const { record } of found.value) {
    const entry = parseEntry(JSON.parse(record));
    if (entry?.kind === "intent") intent = entry;
    if (entry?.kind === "outcome") outcome = entry;
  }
  const call = recordedCall({ intent, outcome });
  if (call === undefined) return fault("not_found", `${exchange} ended before policy was asked.`);
  const policies = await ports.inForce();
  const isSame = call.policy === policies.digest;
  const isOpen = caller.tenant === DEFAULT_TENANT && isSame;
  const rules = isOpen ? explainCall(call, policies) : undefined;
  return done({
    call,
    outcome,
    rules,
    inForce: isSame,
    now: createReplay(policies, policies)(call),
  });
}

export type Verification =
  | { readonly kind: "genuine"; readonly key: string }
  | { readonly kind: "forged" | "unsigned" | "unknown_key" };

/** Signed by the present key, or by one that this ledger says it has used. */
export async function verifyDecision(
  document: JsonObject,
  key: DocumentKey,
  index: LedgerIndex,
): Promise<Answer<Verification>> {
  const reading = readSignedDecision(document);
  if (reading.kind === "unsigned") return done(reading);
  const { text, value } = reading;
  return asked(async (): Promise<Verification> => {
    const publicKey =
      reading.key === key.id ? key.publicKey : await recordedKey(reading.key, index);
    if (publicKey === undefined) return { kind: "unknown_key" };
    const isGenuine = key.verifies(publicKey, text, value);
    return isGenuine ? { kind: "genuine", key: reading.key } : { kind: "forged" };
  });
}

/** Keys are rotated rarely; older uses than these are not looked for. */
const KEY_USES_MAX = 200;

async function recordedKey(key: string, index: LedgerIndex): Promise<string | undefined> {
  const { records } = await index.page({
    ...everythingOf(DEFAULT_TENANT),
    only: { kind: ["change"], action: [KEY_USED] },
    order: "newest",
    after: undefined,
    limit: KEY_USES_MAX,
  });
  for (const { record } of records) {
    const entry = parseEntry(JSON.parse(record));
    if (entry?.kind !== "change" || entry.about !== key) continue;
    const { public_key: publicKey } = entry.detail;
    if (typeof publicKey === "string") return publicKey;
  }
  return undefined;
}
