/** The part of a record that says what was asked and what policy made of it. */
import { canonicalJson, sha256Hex } from "../../lib/canonical-json.ts";
import { impossible } from "../../lib/impossible.ts";
import type { Action, ToolAction } from "../action.ts";
import type { Decision, ShadowVerdict, Terms } from "../decision.ts";
import type { Adjustment, Facts } from "../evidence.ts";
import { CLEARANCE_DEFAULT } from "../identity/directory-entry.ts";
import { layersOf } from "../meta-tool/unwrap.ts";
import type { Hold, Reservation } from "../money/budget.ts";
import type { Principal } from "../principal.ts";
import { escapePart } from "../money/instance.ts";
import { clipped, digits, list, quote } from "./json-text.ts";
import type { PersonalTexts } from "./personal-texts.ts";

/** Rules, approvers, marks, conditions, holds or query names kept in one record. */
export const NAMES_MAX = 64;

export function asked(facts: Facts, personal: PersonalTexts): string {
  const user = concealedUser(facts.principal, personal);
  let out = "{";
  if (facts.action !== undefined) out += `"action":${action(facts.action)},`;
  if (facts.adjustment !== undefined) out += `"adjusted":${adjustment(facts.adjustment)},`;
  if (facts.decision !== undefined) out += `"decision":${decision(facts.decision)},`;
  if (facts.definition !== undefined) out += `"definition":"${facts.definition}",`;
  out += `"method":${quote(facts.method)},"path":${quote(facts.path)}`;
  if (facts.policy !== undefined) out += `,"policy":"${facts.policy}"`;
  if (facts.principal !== undefined) out += `,"principal":${principal(facts.principal, user)}`;
  if (facts.reservation !== undefined) {
    const held = reservation(facts.reservation, { user: facts.principal?.user, token: user });
    out += `,"reservation":${held}`;
  }
  if (facts.review !== undefined) out += `,"review":${quote(facts.review)}`;
  return `${out},"upstream":${quote(facts.upstream.name)},"wire":"${facts.upstream.wire}"}`;
}

function action(asks: Action): string {
  switch (asks.kind) {
    case "llm": {
      const cap =
        asks.outputTokens === undefined ? "" : `,"output_tokens":${digits(asks.outputTokens)}`;
      return (
        `{"kind":"llm","model":${quote(asks.model)},"operation":${quote(asks.operation)}` +
        `${cap},"stream":${asks.stream}}`
      );
    }
    case "tool": {
      const args = canonicalJson(asks.args);
      return (
        `{"args_bytes":${utf8Bytes(args)},"args_sha256":"${sha256Hex(args)}"` +
        `,"kind":"tool","tool":${quote(asks.tool)}${via(asks)}}`
      );
    }
    case "http": {
      const names = asks.query === "" ? [] : queryNames(asks.query);
      const special = asks.special === undefined ? "" : `,"special":"${asks.special}"`;
      return (
        `{"host":${quote(asks.host)},"kind":"http","method":${quote(asks.method)}` +
        `,"path":${quote(asks.path)},"query_names":${list(names, NAMES_MAX, quote)}${special}}`
      );
    }
    case "mcp": {
      const name = asks.name === undefined ? "" : `,"name":${quote(withoutValues(asks.name))}`;
      return `{"kind":"mcp","method":${quote(asks.method)}${name}}`;
    }
    default:
      return impossible(asks);
  }
}

/** The meta-tools that it stood in, the innermost first. */
function via(asks: ToolAction): string {
  if (asks.via === undefined) return "";
  const [, ...outer] = Array.from(layersOf(asks), ({ tool }) => tool);
  return `,"via":${names(outer)}`;
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** `?page=2&q=secret` → `page`, `q`. A part without `=` is a value without a name: left out. */
function queryNames(query: string): string[] {
  const names: string[] = [];
  for (const part of query.slice(query.startsWith("?") ? 1 : 0).split("&", NAMES_MAX)) {
    const equals = part.indexOf("=");
    if (equals > 0) names.push(part.slice(0, equals));
  }
  return names;
}

/** A resource's URI may carry credentials before its host and values after `?` and `#`. */
function withoutValues(name: string): string {
  const end = name.search(/[?#]/u);
  const bare = end === -1 ? name : name.slice(0, end + 1);
  return bare.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/]*@/u, "$1");
}

function decision(made: Decision): string {
  switch (made.kind) {
    case "allow":
      return `{"because":${names(made.because)},"kind":"allow"${terms(made.terms)}}`;
    case "conditional":
      return `{"because":${names(made.because)},"kind":"conditional","unmet":${names(made.unmet)}}`;
    case "escalate":
      return (
        `{"approvers":${names(made.approval.approvers)},"because":${names(made.because)}` +
        `,"kind":"escalate"${terms(made.terms)}}`
      );
    case "deny":
      return `{"because":${names(made.because)},"kind":"deny"}`;
    default:
      return impossible(made);
  }
}

/** Charges show as the reservation; rates need no record, an empty one refuses by name. */
function terms({ marks, outputTokens, shadow }: Terms): string {
  let out = "";
  if (marks.length > 0) out += `,"marks":${names(marks)}`;
  if (outputTokens !== undefined) out += `,"output_tokens":${digits(outputTokens)}`;
  if (shadow.length > 0) out += `,"shadow":${list(shadow, NAMES_MAX, shadowVerdict)}`;
  return out;
}

function shadowVerdict({ rule, effect }: ShadowVerdict): string {
  return `{"effect":"${effect}","rule":${quote(rule)}}`;
}

function names(texts: readonly string[]): string {
  return list(texts, NAMES_MAX, quote);
}

function concealedUser(who: Principal | undefined, personal: PersonalTexts): string | undefined {
  if (who?.user === undefined) return undefined;
  return personal.conceal(who.tenant, who.user, clipped(who.user));
}

function principal(who: Principal, user: string | undefined): string {
  const { clearance = CLEARANCE_DEFAULT } = who;
  const cleared = clearance === CLEARANCE_DEFAULT ? "" : `,"clearance":${digits(clearance)}`;
  const run = who.run === undefined ? "" : `,"run":${quote(who.run)}`;
  const team = who.team === undefined ? "" : `,"team":${quote(who.team)}`;
  const whom = user === undefined ? "" : `,"user":${quote(user)}`;
  return (
    `{"agent":${quote(who.agent)}${cleared},"proven_by":"${who.provenBy}"${run}` +
    `,"session":${quote(who.session)}${tags(who.tags)}${team}` +
    `,"tenant":${quote(who.tenant)}${whom}}`
  );
}

function tags(named: Principal["tags"]): string {
  const names = Object.keys(named);
  if (names.length === 0) return "";
  const pairs = names.toSorted().map((name) => `${quote(name)}:${quote(named[name] ?? "")}`);
  return `,"tags":{${pairs.join(",")}}`;
}

function adjustment(made: Adjustment): string {
  switch (made.kind) {
    case "clamped":
      return (
        `{"budget":${quote(made.budget)},"kind":"clamped"` +
        `,"output_tokens":${digits(made.outputTokens)}}`
      );
    case "downgraded": {
      const { outputTokens } = made;
      const cap = outputTokens === undefined ? "" : `,"output_tokens":${digits(outputTokens)}`;
      return (
        `{"budget":${quote(made.budget)},"from":${quote(made.from)},"kind":"downgraded"` +
        `${cap},"to":${quote(made.to)}}`
      );
    }
    default:
      return impossible(made);
  }
}

/** A person, and what is recorded in their place. */
interface Concealed {
  readonly user: string | undefined;
  readonly token: string | undefined;
}

function reservation(made: Reservation, whom: Concealed): string {
  switch (made.kind) {
    case "unmetered":
      return `{"kind":"unmetered"}`;
    case "held":
      return `{"holds":${list(made.holds, NAMES_MAX, (one) => hold(one, whom))},"kind":"held"}`;
    default:
      return impossible(made);
  }
}

function hold({ amount, budget, key, resetsAt }: Hold, whom: Concealed): string {
  const resets = resetsAt === undefined ? "" : `,"resets_at":${digits(resetsAt)}`;
  return (
    `{"amount":${digits(amount)},"budget":${quote(budget.id)},"key":${quote(concealedKey(key, whom))}` +
    `${resets},"unit":"${budget.unit}"}`
  );
}

/** A budget per user has the user's name among the parts of its key. */
function concealedKey(key: string, { user, token }: Concealed): string {
  if (user === undefined || token === undefined || user === token) return key;
  const part = escapePart(user);
  return key
    .split(KEY_PARTS)
    .map((one) => (one === part ? token : one))
    .join("");
}

/** With what stands between them. */
const KEY_PARTS = /([|,:])/u;
