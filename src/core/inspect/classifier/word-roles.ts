/**
 * How words are hashed, the part that each word of the signatures' vocabulary plays, and which words
 * speak about attacks.
 */
import { INJECTION_VOCABULARY } from "../detectors/injection-vocabulary.ts";
import { foldLiteral } from "../fold.ts";

export const SEED = 0x811c9dc5 | 0;
export const PRIME = 0x01000193;

const LEET = "oizeasgtbg";

/** By unit: lower case, and digits as the letters they stand for (`1gn0re`). */
export function plainUnits(): Uint16Array {
  const plain = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);
  for (let unit = 0x41; unit <= 0x5a; unit += 1) plain[unit] = unit | 0x20;
  for (let digit = 0; digit <= 9; digit += 1) plain[0x30 + digit] = LEET.charCodeAt(digit);
  return plain;
}

const plain = plainUnits();

export function hashOf(word: string): number {
  let hash = SEED;
  for (let i = 0; i < word.length; i += 1) {
    hash = Math.imul(hash ^ (plain[word.charCodeAt(i)] ?? 0), PRIME);
  }
  return hash;
}

/** Slots of a table of words by the low bits of their hashes: which word, and its role. */
const SLOTS = 1 << 13;
const words = new Int32Array(SLOTS);
/** The role of a word, and `IS_TALK` for the words of those who write about attacks. */
const parts = new Uint8Array(SLOTS);
const IS_TALK = 0x80;
const TALK = `injection injections inject injected injecting injector jailbreak jailbreaks jailbreaking
  attack attacks attacked attacker attackers adversary adversaries adversarial malicious maliciously
  vulnerability vulnerabilities vulnerable exploit exploits exploited exploitation exfiltration
  guardrail guardrails guard guards detector detectors detect detects detected detecting detection
  classifier classifiers classified mitigation mitigations mitigate payload payloads probe probes
  owasp cve cwe mitre sanitize sanitized sanitization sanitizer untrusted defense defenses defence
  defences defenders threat threats phishing spoofing smuggling poisoning poisoned leakage moderation
  flagged flags heuristic heuristics benchmark benchmarks scanner scanners redteam teaming firewall
  blocklist regex victim victims obfuscation obfuscated evasion hijack hijacking hijacked xss sqli
  pentest pentesting hardening hallucination toxicity robustness trigger triggers`;

let role = 0;
for (const [name, list] of Object.entries(INJECTION_VOCABULARY)) {
  role += 1;
  if (name === "FILL" || name === "TO") continue;
  for (const word of list.trim().split(/\s+/u)) {
    const hash = hashOf(foldLiteral(word));
    const slot = slotOf(hash);
    words[slot] = hash;
    if (parts[slot] === 0) parts[slot] = role;
  }
}
for (const word of TALK.split(/\s+/u)) {
  const hash = hashOf(word);
  const slot = slotOf(hash);
  words[slot] = hash;
  parts[slot] = (parts[slot] ?? 0) | IS_TALK;
}

function slotOf(hash: number): number {
  let slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
  while (parts[slot] !== 0 && words[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}

/** What is known of a word: to be asked for its role, and whether it speaks about attacks. */
export function partOf(hash: number): number {
  return parts[slotOf(hash)] ?? 0;
}

/** The first class that the word is in, from 1; 0 for a word of no part. */
export function roleOf(part: number): number {
  return part & ~IS_TALK;
}

export function isTalk(part: number): boolean {
  return (part & IS_TALK) !== 0;
}
