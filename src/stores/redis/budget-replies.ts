/** What the scripts answer, read once and checked: nothing else believes Redis. */
import type {
  BudgetBalance,
  Hold,
  LiveHold,
  ReserveReply,
  ResizeReply,
  SpendChange,
} from "../../core/money/budget.ts";
import { id, instant, type AttemptId } from "../../core/units.ts";

/** A reply and what the balances had spent after it, in the order of the holds. */
export interface ReadReserve {
  readonly reply: ResizeReply;
  readonly spent: readonly number[];
}

export function readReserve(raw: unknown, holds: readonly Hold[]): ReadReserve {
  const [kind, ...rest] = listOf(raw);
  switch (kind) {
    case "held": {
      const spent = holds.map((_, at) => numberOf(rest[at * 2]));
      const used = holds.map((_, at) => numberOf(rest[at * 2 + 1]));
      return { reply: { kind: "held", used }, spent };
    }
    case "full": {
      const hold = holds[numberOf(rest[0]) - 1];
      if (hold === undefined) throw new TypeError("Redis refused a hold that was not asked for");
      return { reply: { kind: "exhausted", hold, left: numberOf(rest[1]) }, spent: [] };
    }
    case "gone":
      return { reply: { kind: "gone" }, spent: [] };
    default:
      throw new TypeError(`Redis answered a reservation with ${String(kind)}`);
  }
}

/** `gone` is no answer to a first reservation. */
export function asReserveReply(reply: ResizeReply): ReserveReply {
  if (reply.kind === "gone") throw new TypeError("Redis answered a reservation with gone");
  return reply;
}

export interface ReadChange extends SpendChange {
  /** Spent on the key itself, without its trailing slices. */
  readonly spent: number;
}

export function readChanges(raw: unknown): readonly ReadChange[] {
  return rows(raw, 4).map(([key, before, after, spent]) => ({
    key: String(key),
    before: numberOf(before),
    after: numberOf(after),
    spent: numberOf(spent),
  }));
}

export function readBalances(raw: unknown, keys: readonly string[]): readonly BudgetBalance[] {
  const found = rows(raw, 2);
  return keys.map((key, at) => {
    const [spent, held] = found[at] ?? [];
    return { key, spent: numberOf(spent), held: numberOf(held) };
  });
}

export function readListed(raw: unknown): readonly BudgetBalance[] {
  return rows(raw, 3).map(([key, spent, held]) => {
    return { key: String(key), spent: numberOf(spent), held: numberOf(held) };
  });
}

export function readHolds(raw: unknown): readonly LiveHold[] {
  return rows(raw, 3).map(([attempt, amount, expiresAt]) => ({
    attempt: id<AttemptId>(String(attempt)),
    amount: numberOf(amount),
    expiresAt: instant(numberOf(expiresAt)),
  }));
}

export function readNumbers(raw: unknown): readonly number[] {
  return listOf(raw).map(numberOf);
}

function rows(raw: unknown, width: number): readonly (readonly unknown[])[] {
  const flat = listOf(raw);
  const found: (readonly unknown[])[] = [];
  for (let at = 0; at < flat.length; at += width) found.push(flat.slice(at, at + width));
  return found;
}

function listOf(raw: unknown): readonly unknown[] {
  if (Array.isArray(raw)) return raw;
  throw new TypeError(`Redis answered ${String(raw)} where a list was expected`);
}

function numberOf(raw: unknown): number {
  const value = Number(raw);
  if (raw === undefined || Number.isNaN(value)) throw new TypeError("Redis answered no number");
  return value;
}
