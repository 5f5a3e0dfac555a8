/** What one policy directory may cost to load. A file past a limit is refused, never cut. */
export const POLICY_LIMITS = {
  files: 1000,
  /** UTF-16 units of one file. */
  fileChars: 262_144,
  /** Collections inside collections. */
  depth: 32,
  /** Nodes of one file, aliases counted as often as they are used. */
  nodes: 50_000,
  /** All files together. */
  rules: 10_000,
  budgets: 1000,
  inspections: 1000,
  tests: 10_000,
  globsPerList: 500,
  globChars: 256,
  /** More are counted, not listed. */
  problems: 100,
} as const;
