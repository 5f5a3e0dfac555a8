import type { LedgerEvent } from "../../stores/ledger/ledger-event.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { openLedger, type OpenLedger } from "../../stores/ledger/open-ledger.ts";
import { HeadSender } from "../../stores/ledger/send-heads.ts";
import { personalFile, SqlitePersonalStore } from "../../stores/sqlite/personal-store.ts";
import {
  openSigningKey,
  SigningKeyFault,
  type SigningKey,
} from "../../stores/ledger/signing-key.ts";
import type { Config } from "../config/config.ts";
import type { Events } from "../observe/events.ts";
import { StoreFault } from "./store-fault.ts";
import { now } from "../now.ts";

/**
 * A chain of this process's own, with signed tree heads that go where the config says. Throws
 * StoreFault where the signing key is of no use, and the system's error.
 */
export async function openLedgerChain(
  config: Pick<Config, "dataDirectory" | "ledger">,
  events: Pick<Events, "ledger">,
): Promise<OpenLedger> {
  const { signingKeyFile: keyPath, headsEvery: every, headsTo } = config.ledger;
  const report = (event: LedgerEvent): void => events.ledger(event);
  const senders = headsTo.map(
    (target) => new HeadSender(target, (cause) => report({ kind: "head_unsent", cause })),
  );
  const publish = (line: string): void => {
    for (const sender of senders) sender.send(line);
  };
  const personal = new SqlitePersonalStore(personalFile(config.dataDirectory), (cause) =>
    report({ kind: "personal_unkept", cause }),
  );
  const settle = async (): Promise<void> => {
    await Promise.all(senders.map((sender) => sender.close()));
    personal[Symbol.dispose]();
  };
  return openLedger({
    directory: ledgerDirectory(config.dataDirectory),
    now,
    report,
    personal,
    heads: { key: signingKey(keyPath), keyPath, every, publish, settle },
  });
}

function signingKey(path: string): SigningKey {
  try {
    return openSigningKey(path);
  } catch (error) {
    if (!(error instanceof SigningKeyFault)) throw error;
    throw new StoreFault(error.message, "`ledger.signing_key_file` names an Ed25519 key in PEM");
  }
}
