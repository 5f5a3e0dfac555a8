import type { Hold, ReserveReply, Settlement, SettleReply } from "../../core/money/budget.ts";
import type { AttemptId, Instant, Millis } from "../../core/units.ts";
import { impossible } from "../../lib/impossible.ts";
import type { BudgetBook } from "./budget-book.ts";

/** One thing asked of the store, until its transaction is committed and it can be answered. */
export type BudgetOperation = ReserveOperation | SettleOperation | Errand;

export interface ReserveOperation {
  readonly kind: "reserve";
  readonly attempt: AttemptId;
  readonly holds: readonly Hold[];
  readonly lease: Millis;
  readonly answer: (reply: ReserveReply) => void;
  reply: ReserveReply | undefined;
}

export interface SettleOperation {
  readonly kind: "settle";
  readonly attempt: AttemptId;
  readonly settlements: readonly Settlement[];
  readonly answer: (reply: SettleReply) => void;
  reply: SettleReply | undefined;
}

/** What is rare enough to be told by closures: resizing, reading, correcting. */
export interface Errand {
  readonly kind: "errand";
  run(book: BudgetBook, now: Instant): void;
  done(): void;
  failed(cause: Error): void;
}

/** Inside the transaction; may throw what SQLite throws. */
export function run(operation: BudgetOperation, book: BudgetBook, now: Instant): void {
  switch (operation.kind) {
    case "reserve": {
      const { attempt, holds, lease } = operation;
      operation.reply = book.reserve(attempt, holds, now, now + lease);
      break;
    }
    case "settle": {
      const changes = book.settle(operation.attempt, operation.settlements);
      operation.reply = { kind: "settled", changes };
      break;
    }
    case "errand":
      operation.run(book, now);
      break;
    default:
      impossible(operation);
  }
}
