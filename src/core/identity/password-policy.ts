/** The rules that `GET /core/v1/password-policy` publishes, under the names that dialects know. */
export const PASSWORD_POLICY = {
  min_length: 12,
  require_uppercase: true,
  require_lowercase: true,
  require_digits: true,
  require_special: true,
  disallow_sequential: true,
  disallow_common: true,
} as const;

export const PASSWORD_CHARS_MAX = 256;

/** So many neighbours in order, up or down, are a sequence: `abcd`, `4321`. */
const SEQUENCE = 4;

/** What a password is in truth once digits and signs around it are gone and leet is undone. */
const COMMON: ReadonlySet<string> = new Set([
  "password",
  "passwort",
  "passphrase",
  "passw",
  "letmein",
  "letmeinplease",
  "welcome",
  "admin",
  "administrator",
  "root",
  "changeme",
  "default",
  "secret",
  "login",
  "master",
  "monkey",
  "dragon",
  "football",
  "baseball",
  "iloveyou",
  "sunshine",
  "princess",
  "superman",
  "batman",
  "trustno",
  "whatever",
  "starwars",
  "computer",
  "michael",
  "jennifer",
  "qwerty",
  "qwertyuiop",
  "qwertz",
  "asdfghjkl",
  "zxcvbnm",
  "qazwsx",
  "qazwsxedc",
  "sallyport",
]);

const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

/** Every rule that the password breaks, in words; empty where it may be used. */
export function passwordProblems(password: string, username: string): readonly string[] {
  const problems: string[] = [];
  const demand = (met: boolean, problem: string): void => {
    if (!met) problems.push(problem);
  };
  demand(password.length >= PASSWORD_POLICY.min_length, "at least 12 characters");
  demand(password.length <= PASSWORD_CHARS_MAX, `at most ${PASSWORD_CHARS_MAX} characters`);
  demand(/\p{Lu}/u.test(password), "an upper-case letter");
  demand(/\p{Ll}/u.test(password), "a lower-case letter");
  demand(/\p{Nd}/u.test(password), "a digit");
  demand(/[^\p{L}\p{N}\s]/u.test(password), "a special character");
  demand(!hasSequence(password), "no sequence such as abcd or 4321");
  demand(!isCommon(password, username), "no common password, and not the user's name");
  return problems;
}

function hasSequence(password: string): boolean {
  const codes = Array.from(password.toLowerCase(), (char) => char.codePointAt(0) ?? 0);
  for (const step of [1, -1]) {
    let run = 1;
    for (let at = 1; at < codes.length; at += 1) {
      run = (codes[at] ?? 0) - (codes[at - 1] ?? 0) === step ? run + 1 : 1;
      if (run >= SEQUENCE) return true;
    }
  }
  return false;
}

/** `P@ssw0rd#2026!`: with leet undone at its letters, and what stands around them cut off. */
function isCommon(password: string, username: string): boolean {
  const lower = password.toLowerCase();
  const name = username.toLowerCase();
  if (name.length >= 4 && lower.includes(name)) return true;
  const trimmed = lower.replace(/^[^\p{L}@$]+|[^\p{L}@$]+$/gu, "");
  const plain = Array.from(trimmed, (char) => LEET[char] ?? char).join("");
  return COMMON.has(plain.replaceAll(/[^a-z]/gu, ""));
}
