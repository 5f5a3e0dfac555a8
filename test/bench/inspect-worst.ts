/**
 * Looks for the dearest text of each detector, and fails where one costs more than `FACTOR_MAX`
 * times what ordinary text of its size does:
 *
 *     node test/bench/inspect-worst.ts [request|response] [found]
 *
 * Ordinary text is what the corpora call so, every benign kind but prose about security: the mean of
 * its records. Each look alternates with one at the text of `ordinary-text.ts`, for the machine has
 * others to serve and its speed drifts.
 *
 * Made of every anchor of every detector, alone and with what may follow it, again and again; of
 * escapes and encodings; of scripts that are folded; of what a search found, `dear-texts.ts`; and of
 * the records of the corpora; `found` looks at the search's only. Under the
 * rules of `policies/packs/inspection.yaml`: text that is blocked costs no more than up to there.
 */
import { performance } from "node:perf_hooks";
import { DETECTORS } from "../../src/core/inspect/detectors/detectors.ts";
import type { Inspection, InspectionRule } from "../../src/core/inspect/inspection.ts";
import { scanJson } from "../../src/core/inspect/scan-json.ts";
import { readCorpus } from "../support/corpora.ts";
import { ADDRESSES, FALSE_STARTS, filled, LAYERED } from "../support/dear-texts.ts";
import { ORDINARY } from "./ordinary-text.ts";

const FACTOR_MAX = 3;
const UNITS = 4096;
/** Of a detector whose anchors are all pairs of letters and the like, so many are tried. */
const ANCHORS_MAX = 600;
/** Looks at an input that seems dear: the quickest counts. */
const LOOKS = 24;
const WARM_LOOKS = 300;
const ORDINARY_LOOKS = 4;
const SHOWN = 3;
const NONE: readonly string[] = [];

const RULES: Readonly<Record<string, readonly InspectionRule[]>> = {
  request: [
    rule(["injection"], 80, "block"),
    rule(["secret", "exploit", "destination"], 60, "block"),
    rule(["pii.card", "pii.iban", "pii.national_id"], 60, "redact"),
  ],
  response: [
    rule(["injection"], 80, "block"),
    rule(["injection"], 40, "report"),
    rule(["secret", "pii"], 60, "redact"),
  ],
};

const TAILS = ["", " ", "a", "1", ": ", "/", '="'];
const OTHERS = [
  "中",
  "这是一个普通的中文句子，没有什么特别的。",
  "Это обычное предложение на русском языке. ",
  "e\u0301",
  "a\u200b",
  "\u{1f600}",
  "\u{e0041}",
  "ａｂｃ ",
  "𝐢𝐠𝐧𝐨𝐫𝐞 ",
  "\u202eabc ",
  "%41",
  "%2525",
  "%E4%BD%A0",
  "&#65;",
  "&amp;lt;",
  "\\u0041",
  "=41",
  "aWdub3Jl ",
  "0123456789abcdef ",
  "H4sIAAAAAAAA",
  "A",
  " ",
  "\n",
  "(",
  "a@b.",
  "192.168.0.1,",
  "2a00:1450:4001:82a::200e ",
  "4111 1111 1111 1111 ",
  "2026-11-21T11:22:33Z ",
  "550e8400-e29b-41d4-a716-446655440000 ",
  "https://example.com/a?b=c ",
  "password=hunter2 ",
  '{"a":1},',
  "function(){",
];

interface Input {
  readonly of: string;
  readonly unit: string;
  /** Times what ordinary text costs. */
  factor: number;
}

function rule(
  find: readonly string[],
  scoreMin: number,
  action: InspectionRule["action"],
): InspectionRule {
  return { id: find.join(), find, scoreMin, action };
}

/** Each look is at another text: what was clean a moment ago is remembered. */
let looks = 0;

/** µs per KB. */
function costOf(look: Inspection, unit: string): number {
  looks += 1;
  const text = filled(unit, UNITS, looks);
  // As text that came off a wire is stored: flat.
  const value = { text: Buffer.from(`${text} ${looks}`).toString() };
  const before = performance.now();
  scanJson(look, value, NONE);
  return ((performance.now() - before) * 1000 * 1024) / UNITS;
}

/** Times what the text of `ordinary-text.ts` costs. */
function factorOf(look: Inspection, unit: string, times: number): number {
  let best = Infinity;
  let ordinary = Infinity;
  for (let i = 0; i < times; i += 1) {
    best = Math.min(best, costOf(look, unit));
    ordinary = Math.min(ordinary, costOf(look, ORDINARY));
  }
  return best / ordinary;
}

function* inputs(): Generator<readonly [of: string, unit: string]> {
  for (const unit of LAYERED) yield ["layers", unit];
  for (const unit of FALSE_STARTS) yield ["false starts", unit];
  for (const unit of ADDRESSES) yield ["addresses", unit];
  if (process.argv[3] === "found") return;
  for (const [detector, signatures] of DETECTORS) {
    for (const { anchors } of signatures) {
      const stride = Math.ceil(anchors.length / ANCHORS_MAX);
      for (let i = 0; i < anchors.length; i += stride) {
        for (const tail of TAILS) yield [detector, `${anchors[i]}${tail}`];
      }
    }
  }
  for (const unit of OTHERS) yield ["encodings and scripts", unit];
  for (const text of corpusTexts()) yield ["corpora", text.slice(0, UNITS / 2)];
}

interface CorpusRecord {
  readonly text?: string;
  readonly text_b64?: string;
  readonly url?: string;
  readonly label?: string;
  readonly kind?: string;
}

const CORPORA = ["injection", "secrets", "egress", "pii", "urls", "exploits", "unicode"];

function corpusTexts(): readonly string[] {
  return CORPORA.flatMap((name) => readCorpus<CorpusRecord>(`${name}.jsonl`) ?? []).map(
    ({ text, text_b64: bytes = "", url }) => text ?? url ?? Buffer.from(bytes, "base64").toString(),
  );
}

/** What agents read and write on ordinary days; this bench's own text where no corpus is. */
function ordinaryTexts(): readonly string[] {
  const records = readCorpus<CorpusRecord>("injection.jsonl") ?? [{ text: ORDINARY }];
  const ordinary = records.filter(({ label = "benign", kind }) => {
    return label === "benign" && kind !== "security_prose";
  });
  return ordinary.flatMap(({ text = "" }) => (text === "" ? [] : [text]));
}

/** Mean over all of it, as a factor of the text of `ordinary-text.ts`. */
function ordinaryFactor(look: Inspection): number {
  const texts = ordinaryTexts();
  const factors = texts.map((text) => factorOf(look, text, ORDINARY_LOOKS));
  return factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
}

function dearest(look: Inspection): readonly Input[] {
  let own = Infinity;
  for (let i = 0; i < WARM_LOOKS; i += 1) own = Math.min(own, costOf(look, ORDINARY));
  const ordinary = ordinaryFactor(look);
  console.log(`ordinary text: ${(own * ordinary).toFixed(1)} µs/KB`);
  const seen = new Set<string>();
  const dear: Input[] = [];
  for (const [of, unit] of inputs()) {
    if (unit === "" || seen.has(unit)) continue;
    seen.add(unit);
    const factor = costOf(look, unit) / own / ordinary;
    if (factor > 1) dear.push({ of, unit, factor });
  }
  console.log(`${seen.size} texts tried`);
  for (const input of dear) {
    if (input.factor < FACTOR_MAX - 1) continue;
    input.factor = Math.min(input.factor, factorOf(look, input.unit, LOOKS) / ordinary);
  }
  return dear.toSorted((a, b) => b.factor - a.factor);
}

const surface = process.argv[2] === "response" ? "response" : "request";
const found = dearest({ surface, rules: RULES[surface] ?? [] });
for (const [of, some] of Map.groupBy(found, (input) => input.of)) {
  for (const { unit, factor } of some.slice(0, SHOWN)) {
    const shown = JSON.stringify(unit).slice(0, 48);
    console.log(`${of.padEnd(28)} ${shown.padEnd(50)} ${factor.toFixed(1).padStart(5)} ×`);
  }
}
const over = found.filter(({ factor }) => factor > FACTOR_MAX);
console.log(`${over.length} texts cost more than ${FACTOR_MAX} times what ordinary text does`);
if (over.length > 0) process.exitCode = 1;
