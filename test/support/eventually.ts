import { vi } from "vitest";

/** Long enough for a machine with much else to do; what comes sooner is not waited for. */
const TIMEOUT_MS = 15_000;

/** Resolves with what `check` returns as soon as it does not throw; rejects with its last error. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: TIMEOUT_MS });
}
