/**
 * Languages that order or join their words differently: an override verb, a word for what came
 * before (or all of it) and a word for instructions, in any order, close together.
 */
import { foldLiteral } from "../fold.ts";
import { nextSight } from "../next-sight.ts";
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";

/** Units in which a word of each group must begin. */
const SPAN_MAX = 48;
/** The longest word. */
const WORD_UNITS_MAX = 16;

interface Triple {
  readonly name: string;
  readonly score: number;
  /** Words divided by commas; groups divided by semicolons. */
  readonly groups: string;
}

const TRIPLES: readonly Triple[] = [
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

export const INJECTION_TRIPLES: readonly Signature[] = TRIPLES.map(({ name, score, groups }) => {
  const words = groups
    .split("; ")
    .map((group) => group.split(",").map((word) => foldLiteral(word).toLowerCase()));
  const all = words.flat();
  const compiled: Compiled = {
    name,
    score,
    heads: new Set(all.flatMap((word) => [word.charCodeAt(0), word.toUpperCase().charCodeAt(0)])),
    groups: words.map((group) => ({
      here: new RegExp(group.join("|"), "iy"),
      ahead: new RegExp(group.join("|"), "gi"),
    })),
  };
  return {
    detector: "injection",
    anchors: all,
    wordStart: false,
    match: (view, at) => tripleAt(view, at, compiled),
  };
});

interface Compiled {
  readonly name: string;
  readonly score: number;
  /** First units of words, in both cases: anchors of other scripts are alike in many. */
  readonly heads: ReadonlySet<number>;
  /** Any word of each group: where one should stand, and where one stands next. */
  readonly groups: readonly { readonly here: RegExp; readonly ahead: RegExp }[];
}

function override(groups: string): Triple {
  return { name: "override-instructions", score: 88, groups };
}

function leak(groups: string): Triple {
  return { name: "prompt-leak", score: 82, groups };
}

function conceal(groups: string): Triple {
  return { name: "conceal", score: 75, groups };
}

function tripleAt(view: View, at: number, { name, score, heads, groups }: Compiled): Outcome {
  const { text, stop, final } = view;
  if (!heads.has(text.charCodeAt(at))) return undefined;
  if (stop - at < SPAN_MAX + WORD_UNITS_MAX && !final) return MORE;
  const end = Math.min(stop, at + SPAN_MAX);
  let begun = false;
  for (const { here, ahead } of groups) {
    here.lastIndex = at;
    if (here.test(text)) begun = true;
    // Nearly all end here: one of the three is nowhere near.
    else if (nextSight(view, ahead, at, end) === end) return undefined;
  }
  return begun ? { signature: name, score, confidence: score / 100, start: at, end } : undefined;
}
