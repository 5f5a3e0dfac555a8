/** Findings kept per part; edits and blocks go on beyond it. */
export const FINDINGS_MAX = 64;

/** One thing a detector saw. It never holds the matched text: a finding goes to logs and ledger. */
export interface Finding {
  /** `injection`, `secret`, `pii.email`, … as policy files write it. */
  readonly detector: string;
  /** The signature inside the detector, e.g. `override-instructions`. */
  readonly signature: string;
  /** The `inspect` rule that asked for the look. */
  readonly rule: string;
  /** 0–100. */
  readonly score: number;
  /** 0–1. */
  readonly confidence: number;
  /** Where: a JSON pointer with `*` for keys that could be values, `header:x`, `url`, a stream's part. */
  readonly part: string;
  /** UTF-16 offsets inside the part's text. */
  readonly start: number;
  readonly end: number;
  readonly action: "block" | "redact" | "report";
  /** Put on the session because of it. */
  readonly marks?: readonly string[];
}
