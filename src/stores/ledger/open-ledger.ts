import type { Facts } from "../../core/evidence.ts";
import { changeBody } from "../../core/ledger/record-change.ts";
import { intentBody, outcomeBody } from "../../core/ledger/record-exchange.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import { millis, type Digest, type ExchangeId, type Instant } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { newId } from "../../lib/ids.ts";
import { adoptChain, CHAINS_MAX, takeChain, writersIn } from "./adopt-chain.ts";
import { ChainWriter, type LedgerEvent } from "./chain-writer.ts";
import { diskFiles, type LedgerFiles } from "./ledger-files.ts";
import { AHEAD_BYTES, SEGMENT_BYTES } from "./ledger-layout.ts";
import type { SegmentLimits } from "./segment-sequence.ts";

/** Long enough for the next commit, short enough that an agent does not give up. */
const UNAVAILABLE_RETRY = millis(1000);

export interface LedgerOptions {
  /** `<data>/ledger`; made where it is missing. */
  readonly directory: string;
  readonly now: () => Instant;
  /** Told of trouble and of its end; the log line is the caller's. */
  readonly report: (event: LedgerEvent) => void;
  readonly files?: LedgerFiles;
  readonly limits?: SegmentLimits;
}

export interface OpenLedger extends Ledger, AsyncDisposable {
  /** Writes everything that waits and the final record; nothing is accepted afterwards. */
  seal(): Promise<void>;
}

/**
 * Continues the newest chain that nobody writes, repairs it, and gives the intents of dead writers
 * an outcome. Never rejects: a disk that refuses now makes a ledger that is not `healthy`, refuses
 * intents, and begins by itself when the disk is back.
 */
export async function openLedger(options: LedgerOptions): Promise<OpenLedger> {
  const { directory, files = diskFiles } = options;
  const newWriter = (): string => newId("w", options.now());
  const writer = chainWriter(options, () => adoptChain(files, directory, newWriter));
  await writer.flush();
  if (writer.healthy) await closeDeadChains(options);
  return ledgerOf(writer, options.now);
}

function ledgerOf(writer: ChainWriter, now: () => Instant): OpenLedger {
  const seal = (): Promise<void> => writer.seal();
  return {
    get healthy() {
      return writer.healthy;
    },
    intent: (facts) => appendIntent(writer, facts),
    // The agent hears of a refusal once it is on the record; an answer is under way already.
    outcome: (facts) =>
      appendOutcome(writer, outcomeBody(facts, now()), facts.exchange, facts.opened === undefined),
    change: (change) => appendChange(writer, changeBody(change, now())),
    seal,
    [Symbol.asyncDispose]: seal,
  };
}

function appendIntent(writer: ChainWriter, facts: Facts): Promise<Verdict<Digest>> {
  return new Promise((resolve) => {
    const settle = (hash: Digest | undefined): void =>
      resolve(hash === undefined ? UNAVAILABLE : pass(hash));
    const { exchange } = facts;
    writer.add({ kind: "intent", body: intentBody(facts), exchange, prompt: true, settle });
  });
}

/** Apart, so that what waits here holds a text and not the whole exchange. */
function appendOutcome(
  writer: ChainWriter,
  body: string,
  exchange: ExchangeId,
  prompt: boolean,
): Promise<void> {
  return new Promise((resolve) => {
    writer.add({ kind: "outcome", body, exchange, prompt, settle: () => resolve() });
  });
}

function appendChange(writer: ChainWriter, body: string): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (hash: Digest | undefined): void => resolve(hash !== undefined);
    writer.add({ kind: "note", body, exchange: undefined, prompt: true, settle });
  });
}

const UNAVAILABLE = halt({
  code: "ledger_unavailable",
  detail: "Nothing was sent, because the record of this call cannot be written at the moment.",
  remedy: "Try again in a moment; if it stays like this, the operator must look at the disk.",
  retryIn: UNAVAILABLE_RETRY,
});

/** Chains of workers that are no more: their open intents get an outcome and the chain its end. */
async function closeDeadChains(options: LedgerOptions): Promise<void> {
  const { directory, files = diskFiles } = options;
  const writers = await writersIn(files, directory).catch(() => []);
  for (const name of writers.slice(0, CHAINS_MAX)) {
    const chain = await takeChain(files, directory, name).catch(() => undefined);
    if (chain === undefined) continue;
    if (chain.tail.sealed && chain.tail.open.size === 0) {
      chain.lock.release();
      continue;
    }
    await chainWriter(options, async () => chain).seal();
  }
}

function chainWriter(
  { files = diskFiles, limits = DEFAULT_LIMITS, now, report }: LedgerOptions,
  adopt: () => ReturnType<typeof adoptChain>,
): ChainWriter {
  return new ChainWriter({ files, adopt, now, report, limits });
}

const DEFAULT_LIMITS: SegmentLimits = { segmentBytes: SEGMENT_BYTES, aheadBytes: AHEAD_BYTES };
