/** How far a data directory has come with what every replica carries out (`operations/records`). */
import type { Order } from "../identity/access-index.ts";
import type { Instant } from "../units.ts";

/** Where this data directory stands; what is kept is durable. */
export interface OrderBook {
  /** This data directory's name among the replicas. */
  readonly replica: string;
  stepOf(name: string): OrderStep | undefined;
  keep(name: string, step: OrderStep): void;
  /** False, and nothing was done, while another process of the data directory is at it. */
  alone(work: () => Promise<void>): Promise<boolean>;
}

export type OrderStep =
  /** Before the record; it may be there. */
  | { readonly kind: "begun"; readonly at: Instant; readonly tokens: readonly string[] }
  /** The record is there, the person may be. */
  | {
      readonly kind: "recorded";
      readonly person: string | undefined;
      readonly tokens: readonly string[];
    }
  | { readonly kind: "held" | "done" };

/** `held`: until a hold is released. */
export type OrderState = "done" | "held" | "left";

/** As far as this machine knows. */
export function stateOf(order: Order, book: Pick<OrderBook, "stepOf">): OrderState {
  const isDone = (name: string): boolean => book.stepOf(name)?.kind === "done";
  if (order.kind === "erasure") {
    const step = book.stepOf(order.id)?.kind;
    return step === "done" || step === "held" ? step : "left";
  }
  const placed = isDone(placing(order.id));
  return placed && (!order.released || isDone(releasing(order.id))) ? "done" : "left";
}

/** Names of a hold's two steps. */
export const placing = (id: string): string => `${id}:placed`;
export const releasing = (id: string): string => `${id}:released`;
