/** One thing that is wrong with a file a person wrote, and where. Lines and columns count from 1. */
export interface Problem {
  /** As the person named it; `SALLYPORT_…` or `--flag` where the value did not come from a file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** What would be right. */
  readonly suggestion: string | undefined;
}
