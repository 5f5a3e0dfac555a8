/** What one policy directory may cost to load. A file past a limit is refused, never cut. */
export const POLICY_LIMITS = {
  files: 1000,
  /** UTF-16 units of one file. */
  fileChars: 131_072,
  /** Collections inside collections. */
  depth: 32,
  /** Nodes of one file, aliases counted as often as they are used. */
  nodes: 50_000,
  /** Rules, inspect entries, budgets and tests of all files together. */
  clauses: 10_000,
  globsPerList: 500,
  globChars: 256,
  /** Whoever mends a hundred sees the rest with the next check. */
  problems: 100,
} as const;
