import { readFileSync } from "node:fs";

/** A listener of our own that serves TLS, as those who ask it from within know it. Absolute paths. */
export interface OwnListener {
  readonly certFile: string;
  /** Undefined: whoever asks needs no certificate. */
  readonly keyFile: string | undefined;
}

/**
 * For a connection to it. Nobody but its certificate is trusted, because its names are those of
 * others' way here; and where clients must have one, that is what is shown: only the gate has its
 * key. Read for each connection, because certificates are renewed while the gate runs. Throws the
 * system's error where a file is gone.
 */
export function trustOwnListener({ certFile, keyFile }: OwnListener) {
  const own = readFileSync(certFile, "utf8");
  return {
    ca: own,
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
    ...(keyFile !== undefined && { cert: own, key: readFileSync(keyFile, "utf8") }),
  };
}
