/** Between the process and the thread that reads its ledger. */
import type {
  ArrivalQuery,
  Arrivals,
  IndexedRecord,
  LedgerPage,
  LedgerQuery,
  TallyQuery,
  TallyRow,
} from "../../core/ledger/ledger-index.ts";
import type {
  Consistency,
  ExportedFile,
  ExportSelection,
  Proving,
} from "../../core/ledger/ledger-evidence.ts";
import type { SignedHead } from "../../core/ledger/tree-head.ts";
import type { TenantId } from "../../core/units.ts";
import type { SinkPlan, SinkState } from "../ledger-sinks/sink-plan.ts";
import type { Person } from "../ledger-index/forget-person.ts";
import type { IndexPlace } from "../ledger-index/index-place.ts";

export interface ThreadData {
  readonly index: IndexPlace;
  /** Where sinks keep how far they have come. */
  readonly dataDirectory: string;
  readonly sinks: readonly SinkPlan[];
}

export type Question =
  | { readonly kind: "page"; readonly query: LedgerQuery }
  | { readonly kind: "find"; readonly tenant: TenantId; readonly name: string }
  | { readonly kind: "tally"; readonly query: TallyQuery }
  | { readonly kind: "arrivals"; readonly query: ArrivalQuery }
  | { readonly kind: "prove"; readonly writer: string; readonly seq: number }
  | { readonly kind: "heads" }
  | { readonly kind: "consistency"; readonly from: SignedHead }
  | { readonly kind: "drop"; readonly writer: string; readonly seq: number }
  | { readonly kind: "forget_person"; readonly person: Person }
  | { readonly kind: "export"; readonly path: string; readonly selection: ExportSelection };

export type Reply =
  | { readonly kind: "page"; readonly value: LedgerPage }
  | { readonly kind: "find"; readonly value: readonly IndexedRecord[] }
  | { readonly kind: "tally"; readonly value: readonly TallyRow[] }
  | { readonly kind: "arrivals"; readonly value: Arrivals }
  | { readonly kind: "prove"; readonly value: Proving }
  | { readonly kind: "consistency"; readonly value: Consistency }
  | { readonly kind: "heads"; readonly value: readonly SignedHead[] }
  | { readonly kind: "drop" | "forget_person" }
  | { readonly kind: "export"; readonly value: ExportedFile };

export type ToThread =
  | { readonly kind: "ask"; readonly id: number; readonly question: Question }
  /** Whether somebody wants to hear of arrivals. */
  | { readonly kind: "watch"; readonly on: boolean }
  /** Bring away what can be brought away, then end. */
  | { readonly kind: "finish" };

export type FromThread =
  | { readonly kind: "reply"; readonly id: number; readonly reply: Reply }
  | { readonly kind: "refusal"; readonly id: number; readonly why: string }
  /** Something arrived in the index. */
  | { readonly kind: "news" }
  | { readonly kind: "finished" }
  | { readonly kind: "sinks"; readonly states: readonly SinkState[] }
  | { readonly kind: "fault"; readonly cause: string };
