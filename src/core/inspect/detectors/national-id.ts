/** What is known about one kind of national identifier. */
export interface NationalId {
  readonly name: string;
  /** `9` is a digit, `A` a letter, other signs stand for themselves. */
  readonly layouts: readonly string[];
  /** Layouts that any number may have: they count only near one of the words. */
  readonly bare: readonly string[];
  /** Score of one of `layouts` without a word near it; 0: nothing without a word. */
  readonly alone: number;
  /** Lower case. */
  readonly words: readonly string[];
  /** `code`: upper-case letters and digits, without separators. */
  readonly valid: (code: string) => boolean;
}

/** The same as tables write it: lists in one text, divided by `, `. */
export interface NationalIdRow extends Pick<NationalId, "alone" | "valid"> {
  readonly layouts?: string;
  readonly bare?: string;
  readonly words: string;
}

export type NationalIdRows = Readonly<Record<string, NationalIdRow>>;
