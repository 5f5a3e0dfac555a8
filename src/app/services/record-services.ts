import { join } from "node:path";
import type { Services } from "../../manage/native/services.ts";
import { newId } from "../../lib/ids.ts";
import { indexFile } from "../../stores/ledger-index/index-place.ts";
import { LedgerThread } from "../../stores/ledger-thread/ledger-thread.ts";
import { exportSignature } from "../../stores/ledger/export-records.ts";
import { ledgerDirectory } from "../../stores/ledger/ledger-layout.ts";
import { loadSigningKey } from "../../stores/ledger/signing-key.ts";
import type { ServiceParts } from "./service-parts.ts";

const STREAM_MS = 900_000;

/** Throws SigningKeyFault where the key is of no use. */
export function openRecordServices(
  { config, vitals, ledger, now }: ServiceParts,
  started: AsyncDisposableStack,
): Pick<Services, "records"> {
  const { dataDirectory, directoryUrl: url } = config;
  const place = { ledger: ledgerDirectory(dataDirectory), file: indexFile(dataDirectory), url };
  const thread = started.use(
    new LedgerThread({ index: place }, (cause) => vitals.failed(new Error(cause))),
  );
  const key = loadSigningKey(config.ledger.signingKeyFile);
  return {
    records: {
      index: thread,
      evidence: thread,
      recording: { ledger, now },
      watch: (told) => thread.watch(told),
      signing: { publicKey: key.spki, sign: (file) => exportSignature(file, key) },
      draftPath: () => join(dataDirectory, `${newId("export", now())}.tmp`),
      streamFor: STREAM_MS,
    },
  };
}
