/** Text of an answer that is whole and whose provider counted nothing. */
export interface Uncounted {
  readonly input: string;
  readonly output: string;
  /** Tokens of pictures, by the dialect's bound. */
  readonly imageTokens: number;
}

export interface TokenCounter {
  /**
   * Tokens of each text by a common tokenizer; undefined where it cannot be told in time. Never
   * rejects.
   */
  count(texts: readonly string[]): Promise<readonly number[] | undefined>;
}
