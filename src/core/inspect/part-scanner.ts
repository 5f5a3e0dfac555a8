import { feed, finish } from "./advance.ts";
import type { Edit } from "./edit.ts";
import type { Finding } from "./finding.ts";
import type { Inspection } from "./inspection.ts";
import { scanPlan } from "./scan-plan.ts";
import { openScan, originalAt } from "./text-scan.ts";

/**
 * Scans one text part that arrives in pieces, cut anywhere. Text before `safe` is decided and may
 * leave, with `edits` applied; after `blocked` nothing further is decided.
 */
export interface PartScanner {
  push(text: string): void;
  end(): void;
  /** UTF-16 offset in the whole part; only grows. */
  readonly safe: number;
  /** In order, never overlapping, below `safe`; the last one may grow at its end as `safe` does. */
  readonly edits: readonly Edit[];
  readonly findings: readonly Finding[];
  readonly blocked: Finding | undefined;
  /** Forgets edits that end at or before `offset`: the caller has applied them. */
  forget(offset: number): void;
}

/** `withheld`: literals that are taken out wherever they appear, whatever the inspection says. */
export function createPartScanner(
  inspection: Inspection,
  part: string,
  withheld: readonly string[],
): PartScanner {
  const scan = openScan(scanPlan(inspection), withheld, part);
  return {
    push: (text) => feed(scan, text),
    end: () => finish(scan),
    get safe() {
      return originalAt(scan, scan.released);
    },
    get edits() {
      return scan.edits;
    },
    get findings() {
      return scan.findings;
    },
    get blocked() {
      return scan.blocked;
    },
    forget(offset) {
      // The newest edit stays: a redaction that goes on grows it.
      const kept = scan.edits.findIndex((edit) => edit.end > offset);
      scan.edits.splice(0, kept < 0 ? scan.edits.length - 1 : kept);
    },
  };
}
