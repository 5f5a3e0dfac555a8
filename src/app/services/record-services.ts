import type { IdentityPorts } from "../../core/identity/identity-ports.ts";
import type { Services } from "../../manage/native/services.ts";
import { documentKey } from "../../stores/ledger/document-key.ts";
import { exportSignature } from "../../stores/ledger/export-records.ts";
import { loadSigningKey } from "../../stores/ledger/signing-key.ts";
import { exportDraftPath } from "../ports/export-drafts.ts";
import { openRetention } from "../ports/open-retention.ts";
import type { ServiceParts } from "./service-parts.ts";

const STREAM_MS = 900_000;
/** Throws SigningKeyFault where the key is of no use. */
export function openRecordServices(
  { config, ledger, ledgerThread: thread, now }: ServiceParts,
  { store }: Pick<IdentityPorts, "store">,
  started: AsyncDisposableStack,
): Pick<Services, "records"> {
  const key = loadSigningKey(config.ledger.signingKeyFile);
  return {
    records: {
      index: thread,
      evidence: thread,
      recording: { ledger, now },
      retention: started.use(openRetention({ config, ledger, index: thread, store, now })).ports,
      watch: (told) => thread.watch(told),
      signing: {
        publicKey: key.spki,
        sign: (file) => exportSignature(file, key),
        documents: documentKey(key),
      },
      draftPath: () => exportDraftPath(config.dataDirectory, now()),
      streamFor: STREAM_MS,
    },
  };
}
