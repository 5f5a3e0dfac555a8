/** One event of a stream with the text that a model or an agent will read in it. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly spans: readonly Span[];
  /** The frame again, with these texts in place of its spans'. */
  rewrite(texts: readonly string[]): Uint8Array;
}

export interface Span {
  /** Spans of one name follow each other as one text. */
  readonly part: string;
  readonly text: string;
  /** What it is called where it stands. */
  readonly label?: string;
  /** Nothing of the part leaves before all of it is decided: arguments of a tool call. */
  readonly whole: boolean;
  /** The part ends with this span. */
  readonly last: boolean;
  /**
   * Only what has begun for certain waits for more, and no longer than the caller lets it: nobody
   * knows when more will come.
   */
  readonly eager?: boolean;
}
