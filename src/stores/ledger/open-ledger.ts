import type { Facts } from "../../core/evidence.ts";
import { changeBody } from "../../core/ledger/record-change.ts";
import { eventBody } from "../../core/ledger/record-event.ts";
import { intentBody, outcomeBody } from "../../core/ledger/record-exchange.ts";
import { OPENLY, type PersonalTexts } from "../../core/ledger/personal-texts.ts";
import type { Ledger } from "../../core/ledger/ledger.ts";
import { millis, type Digest, type ExchangeId, type Instant } from "../../core/units.ts";
import { halt, pass, type Verdict } from "../../core/verdict.ts";
import { newId } from "../../lib/ids.ts";
import { adoptChain, CHAINS_MAX, takeChain, writersIn } from "./adopt-chain.ts";
import { ChainWriter, type ChainWriterOptions } from "./chain-writer.ts";
import type { LedgerEvent } from "./ledger-event.ts";
import { HeadWriter, type HeadOptions } from "./head-writer.ts";
import { diskFiles, type LedgerFiles } from "./ledger-files.ts";
import { AHEAD_BYTES, SEGMENT_BYTES } from "./ledger-layout.ts";
import { isKeyRecorded } from "./endorsed-keys.ts";
import { KEY_USED } from "../../core/ledger/retention.ts";
import { endorsementOf } from "./signing-key.ts";
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
  /** Undefined: no tree heads are signed. */
  readonly heads?: HeadOptions | undefined;
  /** Undefined: texts about people are recorded as they are. */
  readonly personal?: PersonalTexts | undefined;
}

export interface OpenLedger extends Ledger, AsyncDisposable {
  /** Signs a tree head over what is recorded by now. */
  signHead(): Promise<void>;
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
  const chain = openChain(options, () => adoptChain(files, directory, newWriter));
  await chain.writer.flush();
  if (chain.writer.healthy) await closeDeadChains(options);
  if (options.heads !== undefined) await recordKey(chain.writer, options, options.heads);
  return ledgerOf(chain, options);
}

function ledgerOf(
  { writer, heads, seal }: OpenChain,
  { now, personal = OPENLY }: LedgerOptions,
): OpenLedger {
  return {
    signHead: async () => heads?.sign(),
    get healthy() {
      return writer.healthy;
    },
    intent: (facts) => appendIntent(writer, facts, personal),
    // The agent hears of a refusal once it is on the record; an answer is under way already.
    outcome: (facts) =>
      appendOutcome(
        writer,
        outcomeBody(facts, now(), personal),
        facts.exchange,
        facts.opened === undefined,
      ),
    change: (change) => appendNote(writer, changeBody(change, now())),
    event: (event) => appendNote(writer, eventBody(event, now(), personal)),
    seal,
    [Symbol.asyncDispose]: seal,
  };
}

function appendIntent(
  writer: ChainWriter,
  facts: Facts,
  personal: PersonalTexts,
): Promise<Verdict<Digest>> {
  return new Promise((resolve) => {
    const settle = (hash: Digest | undefined): void =>
      resolve(hash === undefined ? UNAVAILABLE : pass(hash));
    const { exchange } = facts;
    writer.add({
      kind: "intent",
      body: intentBody(facts, personal),
      exchange,
      prompt: true,
      settle,
    });
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

function appendNote(writer: ChainWriter, body: string): Promise<boolean> {
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
    await openChain(options, async () => chain).seal();
  }
}

/** A key's first use is on the record, with the word of the key before it, if it replaced one. */
async function recordKey(
  writer: ChainWriter,
  { directory, now }: LedgerOptions,
  { key, keyPath }: HeadOptions,
): Promise<void> {
  if (await isKeyRecorded(directory, key.id)) return;
  const endorsement = endorsementOf(keyPath, key);
  const vouched =
    endorsement === undefined
      ? {}
      : { endorsed_by: endorsement.by, endorsement: endorsement.signature };
  const detail = { public_key: key.spki, ...vouched };
  const change = { change: KEY_USED, about: key.id, by: "sallyport", detail };
  void appendNote(writer, changeBody(change, now()));
}

/** A chain that is written, and the heads that are signed over it. */
interface OpenChain {
  readonly writer: ChainWriter;
  readonly heads: HeadWriter | undefined;
  /** The last records, then the last head. */
  readonly seal: () => Promise<void>;
}

function openChain(
  { directory, files = diskFiles, limits = DEFAULT_LIMITS, now, report, heads }: LedgerOptions,
  adopt: () => ReturnType<typeof adoptChain>,
): OpenChain {
  const failed = (cause: unknown): void => report({ kind: "head_failed", cause });
  const signed =
    heads === undefined ? undefined : new HeadWriter({ ...heads, directory, now, failed });
  const witness: ChainWriterOptions["witness"] = (writer, from, hashes) =>
    signed?.accepted(writer, from, hashes);
  const writer = new ChainWriter({ files, adopt, now, report, limits, witness });
  const seal = async (): Promise<void> => {
    await writer.seal();
    await signed?.close();
  };
  return { writer, heads: signed, seal };
}

const DEFAULT_LIMITS: SegmentLimits = { segmentBytes: SEGMENT_BYTES, aheadBytes: AHEAD_BYTES };
