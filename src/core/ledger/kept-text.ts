/** Texts kept of one kind; past it they are all made anew. */
const KEPT_MAX = 1_024;

/** What a text says, and nothing else: it is held for as long as the text is. */
export interface Said {
  /** Whose last text is kept: an agent's, a model's. */
  readonly name: string;
}

/**
 * Writes what comes again and again, and keeps the last text of each name: most exchanges of an
 * agent say the same but for a few numbers, and putting fifty pieces together, and then into one
 * place, takes longer than hashing them.
 */
export function keptText<S extends Said>(
  write: (said: S) => string,
  isSame: (said: S, before: S) => boolean,
): (said: S) => string {
  const kept = new Map<string, { readonly said: S; readonly text: string }>();
  return (said) => {
    const last = kept.get(said.name);
    if (last !== undefined && isSame(said, last.said)) return last.text;
    const text = inOnePlace(write(said));
    if (last === undefined && kept.size >= KEPT_MAX) kept.clear();
    kept.set(said.name, { said, text });
    return text;
  };
}

/** A text that was put together stays in its pieces, and is walked through each time it is used. */
function inOnePlace(text: string): string {
  return Buffer.from(text).toString();
}
