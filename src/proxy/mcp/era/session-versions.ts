/** Revisions with sessions that are understood here, the newest last. */
export const SESSION_VERSION = "2025-11-25";

export const SESSION_VERSIONS: readonly string[] = [
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  SESSION_VERSION,
];
