/** Secrets known by a sign in their middle, or by the words around them. */
import { MORE, type Outcome, type Signature, type View } from "../signature.ts";
import { isWordUnit } from "../text-units.ts";
import { secretHit } from "./secret-hit.ts";
import { isBlank } from "./secret-value.ts";

interface Marked {
  readonly name: string;
  readonly score: number;
  /** Literals of at least two units; all digits are alike. */
  readonly anchors: readonly string[];
  /** One of them stands there as it is written here. */
  readonly exact?: true;
  /** The unit before the anchor is no letter or digit: of a long run, its beginning alone. */
  readonly wordStart?: true;
  /** Up to the anchor, `BEFORE` units at most. */
  readonly before?: RegExp;
  /** From the anchor on; `AFTER` units at most. No repetition inside a repetition. */
  readonly after: RegExp;
}

const BEFORE = 64;
const AFTER = 240;

const MARKED: readonly Marked[] = [
  {
    name: "telegram-token",
    score: 95,
    anchors: [":aa"],
    before: /\d{8,10}$/,
    after: /:AA[\w-]{33}(?![\w-])/,
  },
  {
    name: "mailchimp-key",
    score: 92,
    anchors: ["-us0"],
    before: /[\da-f]{32}$/,
    after: /-us\d{1,2}(?!\w)/,
  },
  {
    name: "azure-devops-token",
    score: 95,
    anchors: ["azdo"],
    before: /[A-Za-z\d]{60,}$/,
    after: /AZDO[A-Za-z\d]{4}(?!\w)/,
  },
  {
    name: "azure-key",
    score: 95,
    anchors: ["jqqj00"],
    before: /[A-Za-z\d]{40,}$/,
    after: /JQQJ99[A-Za-z\d]{20,40}(?!\w)/,
  },
  {
    // Storage, Cosmos, Batch, registries, hubs, caches, functions.
    name: "azure-key",
    score: 92,
    anchors: ["+ast", "acdb", "+abat", "+acr", "aiot", "+aeh", "+asb", "azca", "azfu"],
    before: /[\w+/-]{30,}$/,
    after: /(?:\+ASt|ACDb|\+ABat|\+ACR|AIoT|\+AEh|\+ASb|AzCa|AzFu)[\w+/-]{4,12}={1,2}/,
  },
  {
    name: "azure-search-key",
    score: 92,
    anchors: ["azse"],
    before: /[A-Za-z\d]{42}$/,
    after: /AzSe[A-D][A-Za-z\d]{5}(?!\w)/,
  },
  {
    name: "azure-signature",
    score: 80,
    anchors: ["sig="],
    before: /[?&;]$/,
    after: /sig=[\w%+/]{40,64}(?:%3[Dd]|=)/,
  },
  {
    name: "terraform-token",
    score: 95,
    anchors: [".atlasv0."],
    before: /[A-Za-z\d]{14}$/,
    after: /\.atlasv1\.[\w-]{60,72}(?![\w-])/,
  },
  {
    name: "firebase-key",
    score: 88,
    anchors: [":apa00b"],
    before: /[\w-]{8,24}$/,
    after: /:APA91b[\w-]{100,160}/,
  },
  {
    name: "rapidapi-key",
    score: 95,
    anchors: ["msh"],
    before: /[a-z\d]{10}$/,
    after: /msh[a-z\d]{15}p1[a-z\d]{6}jsn[a-z\d]{12}(?!\w)/,
  },
  {
    name: "salesforce-session",
    score: 95,
    anchors: ["!aq"],
    before: /00D[A-Za-z\d]{12,15}$/,
    after: /!AQ[\w.]{80,120}/,
  },
  {
    name: "newrelic-license",
    score: 92,
    anchors: ["nral"],
    before: /(?:eu01xx)?[\da-fF]{30,36}$/,
    after: /NRAL(?!\w)/,
  },
  {
    name: "twitter-bearer",
    score: 92,
    anchors: ["aaaaaaaaaaaaaaaaaaaaa"],
    wordStart: true,
    after: /A{19,22}[A-Za-z\d]{20,40}%[A-Za-z\d%]{20,90}/,
  },
  {
    name: "braintree-token",
    score: 95,
    anchors: ["access_token$"],
    after: /access_token\$(?:production|sandbox)\$[a-z\d]{16}\$[\da-f]{32}/,
  },
  {
    name: "asana-token",
    score: 92,
    anchors: ["0/000000000000"],
    after: /[012]\/\d{12,18}(?:\/\d{12,18})?:[\da-f]{32}(?!\w)/,
  },
  {
    name: "unleash-token",
    score: 85,
    anchors: ["*:development.", "*:production."],
    after: /\*:(?:development|production)\.[\da-f]{50,64}(?!\w)/,
  },
  {
    name: "teams-webhook",
    score: 92,
    anchors: [".webhook.office.com/"],
    before: /[\w-]{1,60}$/,
    after: /\.webhook\.office\.com\/webhookb2\/[\da-f-]{36}@/,
  },
  {
    name: "ngrok-token",
    score: 90,
    anchors: ["ngrok"],
    after: /ngrok[^\n]{0,40}?[^\w][12][A-Za-z\d]{26}_[A-Za-z\d]{20,22}(?!\w)/i,
  },
  {
    name: "mailgun-key",
    score: 90,
    anchors: ["mailgun"],
    after: /mailgun[^\n]{0,40}?[^\w][\da-f]{32}-[\da-f]{8}-[\da-f]{8}(?!\w)/i,
  },
  {
    name: "session-cookie",
    score: 70,
    anchors: ["cookie: "],
    after: /cookie: [^\n]{0,100}?(?:sess|sid|auth|jwt)[\w.-]{0,20}=(?=\D{0,40}\d)[\w%.+/-]{24,}/i,
  },
  {
    name: "okta-token",
    score: 92,
    anchors: ["ssws 00"],
    after: /SSWS 00[\w-]{40}(?![\w-])/,
  },
  {
    name: "codefresh-token",
    score: 80,
    anchors: ["codefresh"],
    after: /codefresh[\w"'=: -]{1,24}[\da-f]{24}\.[\da-f]{32}(?!\w)/i,
  },
  {
    name: "model-key",
    score: 85,
    anchors: ["zhipu", "glm_", "bigmodel"],
    after: /(?:zhipu|glm_|bigmodel)[\w"'=: -]{1,24}[\da-f]{32}\.[A-Za-z\d]{16}(?!\w)/i,
  },
  {
    name: "cluster-join-token",
    score: 88,
    anchors: ["--token "],
    after: /--token [a-z\d]{6}\.[a-z\d]{16}(?!\w)/,
  },
  {
    name: "laravel-key",
    score: 88,
    anchors: ["base00:"],
    before: /key["']?\s{0,2}[:=]\s{0,2}["']?$/i,
    after: /base64:[A-Za-z\d+/]{43}=/,
  },
  {
    name: "django-key",
    score: 75,
    anchors: ["django-insecure-"],
    after: /django-insecure-[^\s"'\\]{30,60}/,
  },
  {
    name: "ansible-vault",
    score: 75,
    anchors: ["$ansible_vault;"],
    after: /\$ANSIBLE_VAULT;1\.[12];AES256(?:;\w{1,20})?\s{1,12}\d{20}/,
  },
  {
    name: "private-key",
    score: 95,
    anchors: ["putty-user-key"],
    after: /PuTTY-User-Key-File-[23]: (?:ssh|ecdsa)-/,
  },
  {
    name: "told-password",
    score: 65,
    anchors: ["password is ", "password is: ", "passcode is "],
    after:
      /pass(?:word|code) is:? ?["'`]?(?=[^\s"'`]{0,40}\d)(?=[^\s"'`]{0,40}[A-Za-z])[^\s"'`<>{}$*.,]{7,64}/i,
  },
  {
    // The user's name and the password as arguments.
    name: "call-password",
    score: 75,
    anchors: [
      "networkcredential(",
      "mysql_connect(",
      "mysqli_connect(",
      "dbi->connect(",
      "dbi.connect(",
    ],
    after:
      /(?:networkcredential\(\s?["'][^"'\n]{1,60}["'],\s?["'](?!password|secret)[^"'\n$<{]{6,60}["']|(?:mysqli?_connect|dbi(?:->|\.)connect)\(\s?["'][^"'\n]{1,80}["'],\s?["'][^"'\n]{1,60}["'],\s?["'](?!password["']|secret["'])[^"'\n$<{]{6,60}["'])/i,
  },
  {
    name: "netrc-password",
    score: 88,
    anchors: ["machine "],
    after: /machine\s\S{3,80}\s{1,8}login\s\S{1,64}\s{1,8}password\s[^\s<${*]{6,80}/,
  },
  {
    name: "command-password",
    score: 85,
    anchors: ["sshpass -p"],
    after: /sshpass -p ?["']?[^\s"'$<{*]{6,80}/,
  },
  {
    name: "password-hash",
    score: 70,
    anchors: ["$2a$", "$2b$", "$2y$"],
    exact: true,
    after: /\$2[aby]\$\d\d\$[./A-Za-z\d]{53}(?!\w)/,
  },
  {
    name: "password-hash",
    score: 70,
    anchors: ["$6$", "$argon2"],
    exact: true,
    after:
      /\$(?:6\$(?:rounds=\d{1,9}\$)?[./\w]{4,16}\$[./A-Za-z\d]{86}|argon2id?\$v=\d\d\$m=\d{1,8},t=\d{1,3},p=\d{1,3}\$[\w+/]{16,90}\$[\w+/]{32,90})/,
  },
];

export const MARKED_SECRETS: readonly Signature[] = MARKED.map((marked) => {
  const after = new RegExp(marked.after.source, `${marked.after.flags}y`);
  return {
    detector: "secret",
    anchors: marked.anchors,
    wordStart: marked.wordStart ?? false,
    match: (view, at) => markedAt(view, at, marked, after),
  };
});

function markedAt(view: View, at: number, marked: Marked, after: RegExp): Outcome {
  const { text, stop, final } = view;
  const { name, score, anchors, exact, before } = marked;
  if (stop < at + AFTER && !final) return MORE;
  if (exact === true && !anchors.some((anchor) => text.startsWith(anchor, at))) return undefined;
  after.lastIndex = 0;
  if (!after.test(text.slice(at, Math.min(stop, at + AFTER)))) return undefined;
  // Only behind the other: what ends somewhere is looked for from every place.
  const found = before?.exec(text.slice(Math.max(0, at - BEFORE), at));
  if (found === null) return undefined;
  const start = at - (found?.[0].length ?? 0);
  // What goes on before all that may be read has no known beginning.
  if (at - start < BEFORE && isInWord(text, start)) return undefined;
  const end = at + after.lastIndex;
  if (isBlank(text.slice(start, end))) return undefined;
  return secretHit(view, { signature: name, score, start, end }, text.slice(start, end));
}

/** Before it stands a letter or digit that is not the second half of an escape. */
function isInWord(text: string, at: number): boolean {
  if (!isWordUnit(text.charCodeAt(at)) || !isWordUnit(text.charCodeAt(at - 1))) return false;
  return text.charAt(at - 2) !== "\\";
}
