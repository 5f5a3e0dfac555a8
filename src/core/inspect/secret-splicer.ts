/**
 * Secrets that leave in two halves: the last word of one text and a word of the next, joined, are a
 * secret that neither of them is.
 */
import { isJsonArray, isJsonObject, type JsonValue } from "../json.ts";
import type { Finding } from "./finding.ts";
import type { Inspection } from "./inspection.ts";
import { createPartScanner } from "./part-scanner.ts";
import { scanPlan } from "./scan-plan.ts";
import { JSON_DEPTH_MAX } from "./scan-json.ts";

export interface SecretSplicer {
  /** The next text, or document, on the same way. */
  next(value: JsonValue): Finding | undefined;
}

const DETECTOR = "secret";
/** A half that is shorter says nothing of what it may become. */
const HALF_MIN = 4;
const HALF_MAX = 256;
/** Words of a text that are tried as second halves, from its beginning. */
const WORDS_MAX = 8;
/** Open ends that are kept. */
const ENDS_MAX = 4;
/** Texts of one document that are tried. */
const TEXTS_MAX = 64;

const WORDS = /[\w+/=~.-]{4,256}/g;
const LAST_WORD = /[\w+/=~.-]{4,256}\s*$/;
/** Names and words of a language are no halves of a key. */
const MAY_BE_HALF = /[\d_-]|[a-z][A-Z]|^[A-Z]{4}/;
const NONE: readonly string[] = [];

export function createSecretSplicer(inspection: Inspection): SecretSplicer {
  if (!scanPlan(inspection).rules.has(DETECTOR)) return { next: () => undefined };
  const secrets = onlySecrets(inspection);
  let ends: readonly string[] = [];
  return {
    next(value) {
      const texts: string[] = [];
      gather(value, 0, texts);
      for (const text of texts) {
        const found = ends.length === 0 ? undefined : spliced(secrets, ends, text);
        if (found !== undefined) return found;
        const end = endOf(text);
        if (end !== undefined) ends = [...ends.slice(1 - ENDS_MAX), end];
      }
      return undefined;
    },
  };
}

function onlySecrets({ surface, rules }: Inspection): Inspection {
  const wanted = rules.filter(({ find }) => find.includes(DETECTOR));
  return { surface, rules: wanted.map((rule) => ({ ...rule, find: [DETECTOR] })) };
}

function gather(value: JsonValue, depth: number, texts: string[]): void {
  if (depth > JSON_DEPTH_MAX || texts.length >= TEXTS_MAX) return;
  if (typeof value === "string") {
    if (value.length >= HALF_MIN) texts.push(value);
  } else if (isJsonArray(value)) {
    for (const item of value) gather(item, depth + 1, texts);
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) gather(value[key] ?? null, depth + 1, texts);
  }
}

function endOf(text: string): string | undefined {
  const word = LAST_WORD.exec(text.slice(-HALF_MAX))?.[0].trimEnd();
  return word !== undefined && MAY_BE_HALF.test(word) ? word : undefined;
}

function spliced(secrets: Inspection, ends: readonly string[], text: string): Finding | undefined {
  const words =
    text
      .slice(0, WORDS_MAX * HALF_MAX)
      .match(WORDS)
      ?.slice(0, WORDS_MAX) ?? NONE;
  for (const word of words) {
    if (!MAY_BE_HALF.test(word)) continue;
    for (const end of ends) {
      const found = secretOver(secrets, end, word);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Of the joined halves, where they meet. */
function secretOver(secrets: Inspection, end: string, word: string): Finding | undefined {
  const scanner = createPartScanner(secrets, "split", NONE);
  scanner.push(end + word);
  scanner.end();
  return scanner.findings.find((finding) => finding.start < end.length && finding.end > end.length);
}
