/**
 * Languages that order or join their words differently: an override verb, a word for what came
 * before (or all of it) and a word for instructions, in any order, close together.
 */
import { foldLiteral } from "../fold.ts";
import { nextSight } from "../next-sight.ts";
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { INSIDE_TEXT, VERB_FIRST, type AbroadRule } from "./injection-abroad.ts";

/** Units in which a word of each group must begin. */
const SPAN_MAX = 48;
/** Searched at once: verbs are rare in ordinary text, and so is what they need. */
const AHEAD_UNITS = 2 * SPAN_MAX;
/** The longest word. */
const WORD_UNITS_MAX = 16;
/** Places in a table of what words begin with. */
const HEADS = 4096;

const TRIPLES: readonly AbroadRule[] = [
  override(
    "忽略,无视,忽视,忘记,忘掉,不要理会,無視,忽視; 之前,以上,上述,先前,前面,所有,以前; 指令,指示,提示,规则,命令,规定,規則",
  ),
  override(
    "無視,忘れ,従わない; これまで,以前,上記,前の,すべて,全て; 指示,命令,プロンプト,ルール,指令",
  ),
  override("무시,잊어,잊고; 이전,위의,앞의,모든,지금까지; 지시,명령,지침,프롬프트,규칙"),
  override("تجاهل,انس,تجاهلوا; السابقة,جميع,كل,أعلاه; التعليمات,الأوامر,القواعد,تعليمات"),
  override("अनदेखा,नज़रअंदाज़,भूल; पिछले,सभी,पूर्व,ऊपर; निर्देश,आदेश,नियम"),
  override(
    "bỏ qua,phớt lờ,quên; trước,trên,mọi,tất cả; hướng dẫn,chỉ thị,chỉ dẫn,mệnh lệnh,quy tắc",
  ),
  override(
    "yok say,görmezden gel,unut,dikkate alma; önceki,yukarıdaki,tüm; talimat,komut,kural,yönerge",
  ),
  override("не зважай,ігноруй,забудь; попередні,усі,всі; вказівки,інструкції,правила"),
  override("ละเว้น,เพิกเฉย,ลืม; ก่อนหน้า,ทั้งหมด; คำสั่ง,คำแนะนำ"),
  leak("输出,显示,透露,打印,泄露; 系统提示,系統提示,系统指令"),
  leak("出力,表示,教えて,見せて; システムプロンプト"),
  leak("출력,보여,알려; 시스템 프롬프트"),
  conceal("不要告诉,别告诉,不要通知,請勿告訴; 用户,使用者,任何人"),
];

interface Compiled {
  readonly name: string;
  readonly score: number;
  readonly groups: readonly Group[];
}

interface Group {
  readonly words: readonly string[];
  /** Where any of them stands next. */
  readonly ahead: RegExp;
}

function compile({ name, score, groups }: AbroadRule): Compiled {
  const words = groups
    .split("; ")
    .map((group) => [...new Set(group.split(",").flatMap(spellings))]);
  return {
    name,
    score,
    groups: words.map((group) => ({ words: group, ahead: new RegExp(group.join("|"), "g") })),
  };
}

export const INJECTION_TRIPLES: readonly Signature[] = [
  begunBy(TRIPLES.map(compile), false, true),
  begunBy(INSIDE_TEXT.map(compile), false),
  begunBy(VERB_FIRST.map(compile), true),
];

/**
 * Rules whose first group comes first, or any of them: those that begin with the same word say the
 * same. Many share a verb, so the word is looked up, not each tried.
 */
function begunBy(rules: readonly Compiled[], wordStart: boolean, anyFirst = false): Signature {
  const byWord = new Map<string, readonly Following[]>();
  for (const { name, score, groups } of rules) {
    for (const first of anyFirst ? groups : groups.slice(0, 1)) {
      const needs = groups.filter((one) => one !== first).map(({ ahead }) => ahead);
      for (const word of first.words)
        byWord.set(word, [...(byWord.get(word) ?? []), { name, score, needs }]);
    }
  }
  const beginnings = beginningsOf(byWord);
  const match = (view: View, at: number): Outcome => {
    const { text, stop, final } = view;
    if (stop - at < 2 && !final) return MORE;
    const begun = beginnings[headAt(text, at)];
    if (begun === undefined) return undefined;
    if (stop - at < SPAN_MAX + WORD_UNITS_MAX && !final) return MORE;
    for (const one of followingsAt(begun, text, at)) {
      const outcome = goesOn(view, at, one);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  };
  return { detector: "injection", anchors: [...byWord.keys()], wordStart, match };
}

/** What a rule needs behind the word it begins with. */
interface Following {
  readonly name: string;
  readonly score: number;
  readonly needs: readonly RegExp[];
}

/** The beginning of words. */
interface Beginning {
  /** Two units, and then one more each time. */
  readonly units: string;
  /** Of all rules whose word ends here or before. */
  followings: readonly Following[];
  /** By the next unit; undefined: no word goes on. */
  next: Map<number, Beginning> | undefined;
}

/** By `headAt`, for anchors of other scripts share units; what falls together is told by its units. */
function beginningsOf(
  byWord: ReadonlyMap<string, readonly Following[]>,
): readonly (readonly Beginning[] | undefined)[] {
  const known = new Map<string, Beginning>();
  for (const word of byWord.keys()) {
    for (let i = 2; i <= word.length; i += 1) {
      const units = word.slice(0, i);
      if (known.has(units)) continue;
      const followings = [...byWord].flatMap(([one, some]) => (units.startsWith(one) ? some : []));
      const made: Beginning = { units, followings, next: undefined };
      known.set(units, made);
      const before = known.get(word.slice(0, i - 1));
      if (before !== undefined) (before.next ??= new Map()).set(word.charCodeAt(i - 1), made);
    }
  }
  const firsts = [...known.values()].filter(({ units }) => units.length === 2);
  const heads = Map.groupBy(firsts, ({ units }) => headAt(units, 0));
  return Array.from({ length: HEADS }, (_, head) => heads.get(head));
}

const NONE: readonly Following[] = [];

/** Of the longest word that stands at `at`. */
function followingsAt(heads: readonly Beginning[], text: string, at: number): readonly Following[] {
  for (const head of heads) {
    if (!text.startsWith(head.units, at)) continue;
    let followings = head.followings;
    let begun = head.next?.get(text.charCodeAt(at + 2));
    for (let i = at + 3; begun !== undefined; i += 1) {
      ({ followings } = begun);
      begun = begun.next?.get(text.charCodeAt(i));
    }
    return followings;
  }
  return NONE;
}

/** The first two units in one small number. */
function headAt(text: string, at: number): number {
  return (Math.imul(text.charCodeAt(at), 31) + text.charCodeAt(at + 1)) & (HEADS - 1);
}

function goesOn(view: View, at: number, { name, score, needs }: Following): Outcome {
  const end = Math.min(view.stop, at + SPAN_MAX);
  for (const need of needs) {
    if (nextSight(view, need, at, end, AHEAD_UNITS) === end) return undefined;
  }
  return { signature: name, score, confidence: score / 100, start: at, end };
}

/**
 * As it is listed, in small letters, with a capital and in capitals, each as it is folded: a pattern
 * that is blind to case costs ten times as much.
 */
function spellings(word: string): readonly string[] {
  const listed = foldLiteral(word);
  const capital = foldLiteral(word.charAt(0).toUpperCase()) + listed.slice(1);
  return [...new Set([listed, listed.toLowerCase(), capital, foldLiteral(word.toUpperCase())])];
}

function override(groups: string): AbroadRule {
  return { name: "override-instructions", score: 88, groups };
}

function leak(groups: string): AbroadRule {
  return { name: "prompt-leak", score: 82, groups };
}

function conceal(groups: string): AbroadRule {
  return { name: "conceal", score: 75, groups };
}
