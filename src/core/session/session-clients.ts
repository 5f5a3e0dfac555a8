/**
 * What clients of the 2025 era said that they can do when they began: their calls do not say it
 * again. Never rejects; a promise only where replicas share it.
 */
export interface SessionClientStore {
  /** `capabilities`: as JSON text. */
  introduce(session: string, capabilities: string): void;
  /** Undefined: it can do nothing that a server could ask of it, or nobody knows. */
  capabilitiesOf(session: string): string | undefined | Promise<string | undefined>;
}
