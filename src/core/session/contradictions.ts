/** What contradicts itself, as far as words decide: a forbidden deed, a fact and its opposite. */

/** Deeds by stem, with the words that tools have for them. */
const DEEDS: Readonly<Record<string, readonly string[]>> = {
  delete: ["delete", "remove", "drop", "destroy", "erase", "wipe", "purge"],
  send: ["send", "email", "mail", "message", "notify", "post", "reply", "forward"],
  pay: ["pay", "transfer", "refund", "charge", "purchase", "buy", "order", "withdraw"],
  publish: ["publish", "release", "deploy", "merge", "push", "announce", "tweet"],
  share: ["share", "upload", "export", "invite", "grant"],
  write: ["write", "modify", "change", "update", "edit", "create", "overwrite", "insert"],
  run: ["run", "execute", "exec", "install", "shell", "eval"],
  browse: ["browse", "fetch", "search", "navigate", "visit", "download", "crawl"],
};

const STEMS: ReadonlyMap<string, string> = new Map(
  Object.entries(DEEDS).flatMap(([stem, words]) => words.map((word) => [word, stem] as const)),
);

/** With the three words behind it: `do not ever directly send`. */
const FORBIDDEN =
  /(?:\bdo not|\bdon['\u2019]?t|\bnever|\bmust not|\bmay not|\bshould not|\bcannot|\bnot allowed to|\bforbidden to|\bwithout|\brefrain from|\bavoid)\s+((?:[a-z]{1,14}\s+){0,2}[a-z]{3,14})\b/gi;
const FORBIDDEN_MAX = 16;

/** Stems of the deeds that a text forbids. */
export function forbiddenDeeds(text: string): ReadonlySet<string> {
  const stems = new Set<string>();
  for (const [, words = ""] of text.matchAll(FORBIDDEN)) {
    const stem = words
      .toLowerCase()
      .split(/\s+/)
      .map(stemOf)
      .find((one) => one !== undefined);
    if (stem !== undefined) stems.add(stem);
    if (stems.size >= FORBIDDEN_MAX) break;
  }
  return stems;
}

/** The stem of the deed that a tool's name tells. */
export function deedOf(name: string): string | undefined {
  const tool = name.slice(name.indexOf(".") + 1);
  for (const word of tool
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z]+/)) {
    const stem = stemOf(word);
    if (stem !== undefined) return stem;
  }
  return undefined;
}

function stemOf(word: string): string | undefined {
  return (
    STEMS.get(word) ??
    STEMS.get(word.replace(/(?:ing|s|ed)$/, "")) ??
    STEMS.get(word.replace(/ing$/, "e"))
  );
}

const NEGATION =
  /\b(?:not|never|no longer|isn't|aren't|wasn't|doesn't|don't|didn't|cannot|can't|won't)\b/gi;

export interface Claim {
  /** The statement without its negation, in plain words. */
  readonly core: string;
  readonly negated: boolean;
}

/** `The key is not valid.` and `the key is valid` share a core. */
export function claimOf(statement: string): Claim {
  const found = statement.match(NEGATION)?.length ?? 0;
  const core = statement
    .toLowerCase()
    .replaceAll(/\b(isn|aren|wasn|doesn|don|didn|can|won)['\u2019]t\b/g, "$1")
    .replaceAll(NEGATION, " ")
    .replaceAll(/\b(?:isn|aren|wasn)\b/g, "is")
    .replaceAll(/\b(?:doesn|don|didn|does|do|did|any|a|an|the)\b/g, " ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  return { core, negated: found % 2 === 1 };
}
