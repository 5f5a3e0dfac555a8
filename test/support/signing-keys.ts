import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSigningKey, type SigningKey } from "../../src/stores/ledger/signing-key.ts";

/** A key that nobody else has. */
export function generateSigningKey(): SigningKey {
  const directory = mkdtempSync(join(tmpdir(), "signing-key-"));
  try {
    return openSigningKey(join(directory, "key.pem"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
