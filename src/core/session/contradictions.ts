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

/** What a text forbids. */
export interface Ban {
  /** Stem of the deed. */
  readonly deed: string;
  /** What it must not be done to; empty: to nothing at all. */
  readonly objects: readonly string[];
}

const BANS_MAX = 16;
const NEGATION_AHEAD =
  /\b(?:do not|don['\u2019]?t|never|must not|(?:you|agent|assistant) (?:may not|should not|cannot|can not|can['\u2019]t)|not allowed to|forbidden to|without|refrain from|avoid)\s+/gi;
/** `We don't deploy on Fridays` tells; it forbids nothing. */
const TOLD = /\b(?:i|we|they|it|he|she|you|that|which|who|why|users?|people)\s+$/i;
/** Who may under a condition is not forbidden it. */
const CONDITION =
  /\b(?:unless|without|until|till|before|except|if|when|while|whenever|outside|instead|again|twice|more than|other than)\b/i;
/** `Don't forget to send it`, `you do not need to delete it`. */
const PARDON =
  /^(?:forget|hesitate|fail|stop|refuse|skip|neglect|miss|worry|need|have|mind|only|just|want)$/;
const SAYS_NOTHING = new Set(
  (
    "a an the any anything anyone anybody all everything it them this that these those ever else my your " +
    "our their his her to in on at of from for with by as into via out and or nor please directly ever " +
    "data entry entries record records item items thing things information"
  ).split(" "),
);
/** Lines may be wrapped: a line's end alone ends nothing. */
const SENTENCE_END = /[.;!?]+|\n\s*(?:\n|[-*#\u2022\d])/;
/** Words between a negation and the deed. */
const WORDS_BETWEEN = 2;

/** Bans that hold whatever else happens. */
export function bansIn(text: string): readonly Ban[] {
  const bans: Ban[] = [];
  for (const sentence of text.split(SENTENCE_END)) {
    const said = [...sentence.matchAll(NEGATION_AHEAD)];
    for (const [i, { 0: words, index }] of said.entries()) {
      if (i > 0 && /^without/i.test(words)) continue;
      if (!/must/i.test(words) && TOLD.test(sentence.slice(0, index))) continue;
      const ban = banOf(sentence.slice(index + words.length, said[i + 1]?.index));
      if (ban !== undefined) bans.push(ban);
      if (bans.length >= BANS_MAX) return bans;
    }
  }
  return bans;
}

function banOf(clause: string): Ban | undefined {
  if (CONDITION.test(clause)) return undefined;
  const words = wordsOf(clause.split(/[,:()]/, 1)[0] ?? "");
  const at = words.findIndex((word) => stemOf(word) !== undefined);
  const deed = at < 0 || at > WORDS_BETWEEN ? undefined : stemOf(words[at] ?? "");
  if (deed === undefined || words.slice(0, at).some((word) => PARDON.test(word))) return undefined;
  return { deed, objects: words.slice(at + 1).filter((word) => !SAYS_NOTHING.has(word)) };
}

/** The deed of a tool that one of the bans is about: `delete_customer` where customers must stay. */
export function forbiddenDeed(bans: readonly Ban[], tool: string): string | undefined {
  const deed = deedOf(tool);
  if (deed === undefined) return undefined;
  const named = new Set(wordsOf(tool.slice(tool.indexOf(".") + 1)).map(singular));
  const isMeant = (ban: Ban): boolean =>
    ban.deed === deed && ban.objects.every((word) => named.has(singular(word)));
  return bans.some(isMeant) ? deed : undefined;
}

function wordsOf(text: string): readonly string[] {
  const parted = text.replaceAll(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return parted.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
}

function singular(word: string): string {
  return word.replace(/(?<=[^s]{2})s$/, "");
}

/** The stem of the deed that a tool's name tells. */
export function deedOf(name: string): string | undefined {
  const words = wordsOf(name.slice(name.indexOf(".") + 1));
  return words.map(stemOf).find((stem) => stem !== undefined);
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
