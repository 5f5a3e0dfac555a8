/**
 * Watches the money of one running stream: gives back what the input did not need, asks for more
 * where the answer grows past its hold, and ends the stream when nothing more is to be had.
 */
import type { BudgetStore, Hold, Reservation } from "../core/money/budget.ts";
import { amountIn, type Amounts } from "../core/money/holds.ts";
import type { Agreement, MeteredAgreement } from "../core/money/settle.ts";
import { TOKENS_MAX } from "../core/money/token-count.ts";
import type { Refusal } from "../core/refusal.ts";
import { NANO_USD_MAX } from "../core/units.ts";
import { impossible } from "../lib/impossible.ts";
import { budgetUsedUp } from "./budget-refusals.ts";
import { RESERVATION_LEASE } from "./reserve.ts";
import type { Observer } from "./stages.ts";

/** How far a stream may run past its hold once the store has said no, in tokens. */
export const OVERRUN_TOKENS_MAX = 64;
/** The same while the store is still being asked; more than one read of a socket brings. */
const OVERRUN_WHILE_ASKING_MAX = 2048;
/**
 * Dense text has so many bytes a token. A stream that packs many tokens into an event is measured
 * by this: at the usual four bytes a token it ends at most half as many tokens past its hold.
 */
export const BYTES_PER_TOKEN_MAX = 6;
/** Tokens asked for in one step, at least, where an answer grows past its hold. */
const GROWTH_TOKENS_MIN = 256;
const GROWTH_SHARE = 4;
/** An unused part of the hold that is smaller than this is kept: not worth a word with the store. */
const GIVE_BACK_SHARE = 8;
const RENEW_MS = RESERVATION_LEASE / 2;

export interface CallMeter {
  /**
   * One look after each event: how many pieces of text came until now, each a token or more, and
   * their bytes, over all choices. Undefined while the stream may go on.
   */
  saw(pieces: number, bytes: number): Refusal | undefined;
  /** The provider has counted the input. */
  learnedInput(tokens: number): void;
}

export interface CallMeterPorts {
  readonly budgets: Pick<BudgetStore, "resize">;
  readonly observer: Pick<Observer, "budgetExhausted">;
  monotonic(): number;
}

/** Undefined where nothing is held by the token: then there is nothing to watch. */
export function createCallMeter(
  { lines, metered }: Agreement,
  reservation: Reservation,
  ports: CallMeterPorts,
): CallMeter | undefined {
  if (reservation.kind !== "held" || metered === undefined) return undefined;
  if (!lines.some((line) => line.metered !== undefined && line.hold.budget.unit !== "calls")) {
    return undefined;
  }
  return new RunningCall({ lines, metered }, reservation.attempt, ports);
}

type Held = Extract<Reservation, { readonly kind: "held" }>;

/** A class for its speed, as the part scanner is: one is made for each stream. */
class RunningCall implements CallMeter {
  readonly #lines: Agreement["lines"];
  readonly #metered: MeteredAgreement;
  readonly #attempt: Held["attempt"];
  readonly #ports: CallMeterPorts;
  #inputTokens: number;
  #inputKnown = false;
  #allowed: number;
  #asking = false;
  #askedAt: number;
  #refusal: Refusal | undefined;

  constructor(
    agreement: Agreement & { readonly metered: MeteredAgreement },
    attempt: Held["attempt"],
    ports: CallMeterPorts,
  ) {
    this.#lines = agreement.lines;
    this.#metered = agreement.metered;
    this.#attempt = attempt;
    this.#ports = ports;
    this.#inputTokens = agreement.metered.inputTokens;
    this.#allowed = agreement.metered.outputTokens;
    this.#askedAt = ports.monotonic();
  }

  saw(pieces: number, bytes: number): Refusal | undefined {
    const tokens = Math.max(pieces, Math.floor(bytes / BYTES_PER_TOKEN_MAX));
    const over = tokens - this.#allowed;
    if (this.#refusal !== undefined) return over > OVERRUN_TOKENS_MAX ? this.#refusal : undefined;
    if (this.#asking) return over > OVERRUN_WHILE_ASKING_MAX ? this.#usedUp() : undefined;
    if (over > 0) void this.#ask(this.#longer(tokens));
    else if (this.#ports.monotonic() - this.#askedAt > RENEW_MS) void this.#ask(this.#allowed);
    return undefined;
  }

  learnedInput(tokens: number): void {
    if (this.#inputKnown || this.#asking) return;
    this.#inputKnown = true;
    const unused = this.#inputTokens - tokens;
    if (unused < (this.#inputTokens + this.#allowed) / GIVE_BACK_SHARE) return;
    this.#inputTokens = tokens;
    void this.#ask(this.#allowed);
  }

  #longer(tokens: number): number {
    const step = Math.max(GROWTH_TOKENS_MIN, Math.ceil(tokens / GROWTH_SHARE));
    return Math.min(tokens + step, TOKENS_MAX);
  }

  async #ask(outputTokens: number): Promise<void> {
    this.#asking = true;
    this.#askedAt = this.#ports.monotonic();
    const reply = await this.#ports.budgets.resize(
      this.#attempt,
      this.#holdsFor(outputTokens),
      RESERVATION_LEASE,
    );
    this.#asking = false;
    switch (reply.kind) {
      case "held":
        this.#allowed = outputTokens;
        break;
      case "exhausted":
        this.#ports.observer.budgetExhausted(reply.hold, reply.left);
        this.#refusal = budgetUsedUp(reply.hold);
        break;
      case "gone":
      case "unreachable":
        // What is held is spend already, or will be when its lease ends. More cannot be had now.
        if (outputTokens > this.#allowed) this.#refusal = this.#usedUp();
        break;
      default:
        impossible(reply);
    }
  }

  #usedUp(): Refusal | undefined {
    const line = this.#lines.find(({ metered }) => metered !== undefined);
    return line && budgetUsedUp(line.hold);
  }

  #holdsFor(outputTokens: number): readonly Hold[] {
    const { price, toolCalls } = this.#metered;
    const inputTokens = this.#inputTokens;
    const nanoUsd = price.worstCase(inputTokens, outputTokens, toolCalls);
    const amounts: Amounts = { nanoUsd, inputTokens, outputTokens, calls: 1 };
    return this.#lines.map(({ hold, metered, fixed }) => {
      const own = metered === undefined ? 0 : amountIn(hold.budget, amounts);
      return { ...hold, amount: Math.min(own + fixed, NANO_USD_MAX) };
    });
  }
}
