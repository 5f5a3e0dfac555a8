import { NO_LISTS, type DestinationLists } from "../destination/assess-destination.ts";
import { loadSuffixes } from "../destination/registrable-domain.ts";
import { NO_FEEDS } from "../destination/feed.ts";
import { domainList } from "../destination/domain-list.ts";
import { sumOf } from "./classifier/classifier.ts";
import type { Aliases } from "./aliases.ts";
import { anchorTable } from "./anchor-table.ts";
import type { Finding } from "./finding.ts";
import {
  NO_INSPECTION,
  type Inspection,
  type InspectionException,
  type InspectionRule,
  type NameTest,
} from "./inspection.ts";
import type { KnownText } from "./known-texts.ts";
import type { Opinions } from "./opinions.ts";
import type { Signature } from "./signature.ts";
import type { AnchorTable } from "./find-anchor.ts";
import { BEHAVIOURS, DETECTORS } from "./detectors/detectors.ts";
import { INJECTION_DETECTOR } from "./detectors/injection.ts";
import { EMAIL_DETECTOR } from "./detectors/pii-email.ts";
import { LABELLED, type Labelled } from "./detectors/labelled.ts";
import { NATIONAL_ID_DETECTOR } from "./detectors/pii-national-id.ts";
import { placeOfRunning } from "./running-findings.ts";
import { keepRecent } from "../../lib/keep-recent.ts";

/** An inspection compiled: what to look for and what each detector's findings lead to. */
export interface ScanPlan {
  /** No rule looks for anything: only withheld literals count. */
  readonly empty: boolean;
  readonly anchors: AnchorTable;
  /** Of all that the table has, what is asked for; undefined: everything. */
  readonly only: string | undefined;
  /** Whether e-mail addresses are wanted: found by their `@`, backwards. */
  readonly email: boolean;
  /** Whether something wanted may have begun in the word before its anchor. */
  readonly holdsWords: boolean;
  /** Any finding may rewrite text, so text is held back while one could begin. */
  readonly rewrites: boolean;
  /** The classifier's sum from which some rule acts; Infinity: nobody asked for injection. */
  readonly classifies: number;
  readonly redactsInjection: boolean;
  /** Whether personal data is taken out, which gets names. */
  readonly names: boolean;
  /** Of the exchange at hand. */
  readonly aliases: Aliases | undefined;
  readonly opinions: Opinions | undefined;
  /** By name, what becomes itself again: in answers only. */
  readonly restored: ReadonlyMap<string, string>;
  /** Exceptions depend on where a text stands. */
  readonly namesParts: boolean;
  readonly rules: ReadonlyMap<string, readonly InspectionRule[]>;
  /** Whether the session's behaviour is asked for, too. */
  readonly watches: boolean;
  readonly lists: DestinationLists;
  /** The text is on its way out, not back to the agent. */
  readonly leaves: boolean;
  /** What `foresee.ts` has seen of the bodies that wait for their look. */
  readonly foreseen: Set<ReadonlyMap<string, KnownText>>;
  /** By name of a member met so far: what judges its value by that name. */
  readonly labels: Map<string, readonly Labelled[]>;
  /** Names of members in which nothing was found: they are the same in every body. */
  readonly cleanNames: Set<string>;
  /**
   * Short texts that are worth a look and had nothing in them, such as the role in every message,
   * each with what it was called.
   */
  readonly cleanShort: Map<string, string>;
}

/** Names kept, and short texts; past it they are looked at anew. */
const LABELS_MAX = 1024;
const LABEL_UNITS_MAX = 64;
/** A name in which this plan found nothing. */
export function keepName({ cleanNames }: ScanPlan, name: string): void {
  if (name.length > LABEL_UNITS_MAX) return;
  if (cleanNames.size >= LABELS_MAX) cleanNames.clear();
  cleanNames.add(name);
}

/** A short text of this label in which this plan found nothing. */
export function keepShort({ cleanShort }: ScanPlan, text: string, label: string): void {
  if (text.length > LABEL_UNITS_MAX || label.length > LABEL_UNITS_MAX) return;
  if (cleanShort.size >= LABELS_MAX) cleanShort.clear();
  cleanShort.set(text, label);
}

/** Whether this text was kept as clean under this label. */
export function isKeptShort({ cleanShort }: ScanPlan, text: string, label: string): boolean {
  return text.length <= LABEL_UNITS_MAX && cleanShort.get(text) === label;
}

const NOT_LABELLED: readonly Labelled[] = [];

/** What judges a text of this name, whatever is in it. */
export function labelledBy(plan: ScanPlan, label: string): readonly Labelled[] {
  if (label.length > LABEL_UNITS_MAX) return NOT_LABELLED;
  const known = plan.labels.get(label);
  if (known !== undefined) return known;
  const found = LABELLED.filter(({ detector, names }) => {
    return plan.rules.has(detector) && names.test(label);
  });
  if (plan.labels.size >= LABELS_MAX) plan.labels.clear();
  const kept = found.length === 0 ? NOT_LABELLED : found;
  plan.labels.set(label, kept);
  return kept;
}

const STRENGTH: Record<Finding["action"], number> = { block: 2, redact: 1, report: 0 };

const plans = new WeakMap<Inspection, ScanPlan>();
/** Tables by what is looked for: many agents share few sets of detectors, and reloads bring others. */
const TABLES_MAX = 64;
const tables = new Map<string, AnchorTable>();

/** Compiled once per inspection: policy hands out the same object for the same agent. */
export function scanPlan(inspection: Inspection): ScanPlan {
  const known = plans.get(inspection);
  if (known !== undefined) return known;
  const plan = inspection.plain === undefined ? compile(inspection) : named(inspection);
  plans.set(inspection, plan);
  return plan;
}

/** The plan of the rules, for one exchange. */
function named(inspection: Inspection): ScanPlan {
  const { surface, plain = NO_INSPECTION.response, aliases, opinions } = inspection;
  const plan = scanPlan(plain);
  const restored =
    surface === "request" ? NOTHING_RESTORED : (aliases?.restored ?? NOTHING_RESTORED);
  const empty = plan.empty && restored.size === 0;
  const lowest = opinions === undefined ? Infinity : sumOf(opinions.band.from);
  // What an opinion may raise must be seen in the first place.
  const classifies = plan.classifies === Infinity ? Infinity : Math.min(plan.classifies, lowest);
  // What was clean where less was classified may not be.
  const cleanShort = classifies === plan.classifies ? plan.cleanShort : new Map<string, string>();
  const foreseen = new Set<ReadonlyMap<string, KnownText>>();
  return { ...plan, empty, classifies, aliases, opinions, restored, foreseen, cleanShort };
}

const NOTHING_RESTORED: ReadonlyMap<string, string> = new Map();

/** Of every rule that wants the finding, not only of the strictest. */
export function marksOf(plan: ScanPlan, detector: string, score: number): Pick<Finding, "marks"> {
  const marks = (plan.rules.get(detector) ?? []).flatMap((rule) =>
    score >= rule.scoreMin ? (rule.marks ?? []) : [],
  );
  return marks.length === 0 ? NO_MARKS : { marks };
}

const NO_MARKS: Pick<Finding, "marks"> = {};

/** What an exception may be about. */
export interface Seen {
  readonly signature: string;
  readonly part: string;
}

/**
 * The strictest rule that wants this detector's finding at this score. Where exceptions of all of
 * them fit, the finding is only reported.
 */
export function ruleFor(
  plan: ScanPlan,
  detector: string,
  score: number,
  seen: Seen,
): InspectionRule | undefined {
  const rules = plan.rules.get(detector) ?? NO_RULES;
  let excused: InspectionRule | undefined;
  for (const rule of rules) {
    if (score < rule.scoreMin) continue;
    if (rule.exceptions === undefined || !isExcused(rule.exceptions, seen)) return rule;
    excused ??= rule;
  }
  return excused === undefined ? undefined : { ...excused, action: "report" };
}

const NO_RULES: readonly InspectionRule[] = [];

function isExcused(exceptions: readonly InspectionException[], seen: Seen): boolean {
  return exceptions.some(
    ({ fields, signatures }) =>
      fits(signatures, seen.signature) &&
      (fields.length === 0 || placesOf(seen.part).some((place) => fits(fields, place))),
  );
}

/** The place itself and all that it is in: an exception for a place is one for what is below. */
function placesOf(part: string): readonly string[] {
  const place = placeOfRunning(part);
  const places = [place];
  for (let end = place.lastIndexOf("/"); end > 0; end = place.lastIndexOf("/", end - 1)) {
    places.push(place.slice(0, end));
  }
  return places;
}

function fits(tests: readonly NameTest[], name: string): boolean {
  return tests.length === 0 || tests.some((test) => test(name));
}

function compile(inspection: Inspection): ScanPlan {
  const rules = new Map<string, readonly InspectionRule[]>();
  for (const detector of DETECTORS.keys()) {
    const wanted = inspection.rules
      .filter((rule) => rule.find.some((name) => covers(name, detector)))
      .toSorted((a, b) => STRENGTH[b.action] - STRENGTH[a.action]);
    if (wanted.length > 0) rules.set(detector, wanted);
  }
  if ([...rules.keys()].some((detector) => covers("destination", detector))) loadSuffixes();
  const rewrites = (detector: string): boolean =>
    rules.get(detector)?.some((rule) => rule.action === "redact") === true;
  return {
    empty: rules.size === 0,
    anchors: tableFor([...rules.keys()], rewrites),
    only: undefined,
    email: rules.has(EMAIL_DETECTOR),
    holdsWords: rules.has(EMAIL_DETECTOR) || rules.has(NATIONAL_ID_DETECTOR),
    rewrites: [...rules.keys()].some(rewrites),
    classifies: Math.min(
      Infinity,
      ...(rules.get(INJECTION_DETECTOR) ?? []).map(({ scoreMin }) => sumOf(scoreMin)),
    ),
    redactsInjection: rewrites(INJECTION_DETECTOR),
    names: [...rules.keys()].some((detector) => detector.startsWith("pii.") && rewrites(detector)),
    aliases: undefined,
    opinions: undefined,
    restored: NOTHING_RESTORED,
    rules,
    watches: BEHAVIOURS.some((name) => rules.has(name)),
    lists: listsOf(inspection.rules),
    leaves: inspection.surface === "request",
    namesParts: inspection.rules.some(({ exceptions = [] }) => exceptions.length > 0),
    foreseen: new Set(),
    labels: new Map(),
    cleanNames: new Set(),
    cleanShort: new Map(),
  };
}

/** What one rule trusts or blocks counts for all that look at the same text. */
function listsOf(rules: readonly InspectionRule[]): DestinationLists {
  const trusted = rules.flatMap((rule) => rule.domains?.trusted ?? []);
  const blocked = rules.flatMap((rule) => rule.domains?.blocked ?? []);
  const feeds = rules.find((rule) => rule.feeds !== undefined)?.feeds ?? NO_FEEDS;
  if (trusted.length === 0 && blocked.length === 0 && feeds.size === 0) return NO_LISTS;
  return { trusted: domainList(trusted), blocked: domainList(blocked), feeds };
}

/** `pii` covers `pii.email`. */
function covers(name: string, detector: string): boolean {
  return name === detector || detector.startsWith(`${name}.`);
}

function tableFor(
  detectors: readonly string[],
  rewrites: (detector: string) => boolean,
): AnchorTable {
  const key = detectors.map((name) => (rewrites(name) ? `${name}!` : name)).join(",");
  const known = tables.get(key);
  if (known !== undefined) return known;
  const signatures: Signature[] = detectors.flatMap((name) => [...(DETECTORS.get(name) ?? [])]);
  const built = anchorTable(signatures, rewrites);
  keepRecent(tables, key, built, TABLES_MAX);
  return built;
}
