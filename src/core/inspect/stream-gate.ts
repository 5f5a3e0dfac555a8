import { isClear } from "./clear-span.ts";
import { applyEdits } from "./edit.ts";
import { isFileText } from "./file-text.ts";
import { FINDINGS_MAX, type Finding } from "./finding.ts";
import type { Frame, Span } from "./frame.ts";
import type { Inspection } from "./inspection.ts";
import { unscannableFinding } from "./finding-of-failure.ts";
import { createJsonPartScanner } from "./json-part-scanner.ts";
import { createPartScanner, type PartScanner } from "./part-scanner.ts";
import type { NotAllSeen } from "./not-all-seen.ts";
import { scanPlan, type ScanPlan } from "./scan-plan.ts";

/** Parts of one stream that are open at the same time. */
const PARTS_MAX = 256;

export interface GateLimits {
  /** Held back at most. */
  readonly bytesMax: number;
  readonly framesMax: number;
  /** Past a limit: stop the stream, or let the oldest frames go and say so in `overflowed`. */
  readonly overflow: "block" | "release";
}

export type GateVerdict =
  | { readonly kind: "emit"; readonly chunks: readonly Uint8Array[] }
  /**
   * Nothing after `chunks` may leave. Of the text that is blocked, at most its first two units left
   * before: an anchor takes three to be seen.
   */
  | { readonly kind: "cut"; readonly finding: Finding; readonly chunks: readonly Uint8Array[] };

/** Lets frames out in order, each as soon as all of its text is decided. */
export interface StreamGate {
  push(frame: Frame): GateVerdict;
  end(): GateVerdict;
  /** Whether frames wait that `letGo` would let out. */
  readonly holdsEager: boolean;
  /** Lets out what waits for the next piece of an eager part. */
  letGo(): readonly Uint8Array[];
  /** Nothing is looked for: the caller need not even parse. */
  readonly idle: boolean;
  /** At most 64. */
  readonly findings: readonly Finding[];
  /** UTF-16 units scanned. */
  readonly scanned: number;
  /** Frames left before they were decided, or before all their encodings were off. */
  readonly overflowed: boolean;
  /** Why encodings were not off; undefined: they were. */
  readonly unseen: NotAllSeen | undefined;
  /** UTF-16 units of files in base64, which nobody reads; they are no reason to refuse. */
  readonly fileUnits: number;
}

interface Part {
  readonly scanner: PartScanner;
  taken: number;
  whole: boolean;
  readonly eager: boolean;
  /** It is a file in base64. */
  readonly isFile: boolean;
  ended: boolean;
}

interface Held {
  readonly frame: Frame;
  readonly places: readonly (Place | typeof CLEAR)[];
}

interface Place {
  readonly part: Part;
  readonly from: number;
  readonly to: number;
}

/** A complete text in which nothing can be, or one that nobody may wait for. */
const CLEAR = undefined;

interface Gate {
  readonly plan: ScanPlan;
  readonly inspection: Inspection;
  readonly withheld: readonly string[];
  readonly limits: GateLimits;
  readonly open: Map<string, Part>;
  held: Held[];
  heldBytes: number;
  scanned: number;
  overflowed: boolean;
  unseen: NotAllSeen | undefined;
  fileUnits: number;
  findings: Finding[];
}

const NOTHING: GateVerdict = { kind: "emit", chunks: [] };

export function createStreamGate(
  inspection: Inspection,
  withheld: readonly string[],
  limits: GateLimits,
): StreamGate {
  const plan = scanPlan(inspection);
  const idle = plan.empty && withheld.length === 0;
  const gate: Gate = {
    plan,
    inspection,
    withheld,
    limits,
    open: new Map(),
    held: [],
    heldBytes: 0,
    scanned: 0,
    overflowed: false,
    unseen: undefined,
    fileUnits: 0,
    findings: [],
  };
  return {
    idle,
    get holdsEager() {
      return gate.held.some(({ places }) => places.some((place) => place?.part.eager === true));
    },
    letGo: () => drain(gate, true),
    push: (frame) => (idle ? { kind: "emit", chunks: [frame.bytes] } : push(gate, frame)),
    end: () => (idle ? NOTHING : end(gate)),
    get findings() {
      return allFindings(gate);
    },
    get scanned() {
      return gate.scanned;
    },
    get overflowed() {
      return gate.overflowed;
    },
    get unseen() {
      return gate.unseen;
    },
    get fileUnits() {
      return gate.fileUnits;
    },
  };
}

function push(gate: Gate, frame: Frame): GateVerdict {
  if (frame.spans.length === 0 && gate.held.length === 0) {
    return { kind: "emit", chunks: [frame.bytes] };
  }
  const { plan, withheld } = gate;
  const places: (Place | typeof CLEAR)[] = [];
  for (const span of frame.spans) {
    if (isOfFile(gate, span)) gate.fileUnits += span.text.length;
    const isOpen = gate.open.size > 0 && gate.open.has(span.part);
    if (span.last && !isOpen && isClear(plan, withheld, span)) {
      gate.scanned += span.text.length;
      places.push(CLEAR);
      continue;
    }
    const part = partOf(gate, span);
    if (part === undefined) {
      if (gate.limits.overflow === "block") return overflow(gate);
      gate.overflowed = true;
      places.push(CLEAR);
      continue;
    }
    if (!span.last || part.taken > 0) lean(gate, span.part, part);
    const from = part.taken;
    part.taken += span.text.length;
    part.whole ||= span.whole;
    gate.scanned += span.text.length;
    part.scanner.push(span.text);
    if (span.last) close(gate, span.part, part);
    if (part.scanner.blocked !== undefined) return cut(gate, part.scanner.blocked);
    const { unseen } = part.scanner;
    if (unseen !== undefined) {
      gate.unseen ??= unseen;
      if (gate.limits.overflow === "block") return overflow(gate);
      gate.overflowed = true;
    }
    // What was looked at whole and left as it is needs its scanner no more: a body has many texts.
    const isDone = span.last && from === 0 && part.scanner.edits.length === 0;
    places.push(isDone ? CLEAR : { part, from, to: part.taken });
  }
  gate.held.push({ frame, places });
  gate.heldBytes += frame.bytes.length;
  const chunks = drain(gate);
  const full = gate.heldBytes > gate.limits.bytesMax || gate.held.length > gate.limits.framesMax;
  return full ? overflow(gate, chunks) : { kind: "emit", chunks };
}

function end(gate: Gate): GateVerdict {
  for (const [name, part] of gate.open) {
    lean(gate, name, part);
    close(gate, name, part);
    if (part.scanner.blocked !== undefined) return cut(gate, part.scanner.blocked);
    const { unseen } = part.scanner;
    if (unseen !== undefined) {
      gate.unseen ??= unseen;
      if (gate.limits.overflow === "block") return overflow(gate);
      gate.overflowed = true;
    }
  }
  return { kind: "emit", chunks: drain(gate) };
}

/** What goes on from event to event is counted once: its first piece where it stands by itself. */
function isOfFile({ open }: Gate, span: Span): boolean {
  const known = open.size > 0 ? open.get(span.part) : undefined;
  return known?.isFile ?? (span.eager !== true && isFileText(span.text));
}

function partOf(
  gate: Gate,
  { part: name, whole, text, label, last, eager = false }: Span,
): Part | undefined {
  const known = gate.open.get(name);
  if (known !== undefined) return known;
  if (gate.open.size >= PARTS_MAX) return undefined;
  const create = whole ? createJsonPartScanner : createPartScanner;
  const scanner = create(gate.inspection, name, gate.withheld, label);
  if (last) scanner.leanTo(gate.plan.opinions?.leanOf(text) ?? 0);
  const part = { scanner, taken: 0, whole: false, eager, isFile: isFileText(text), ended: false };
  gate.open.set(name, part);
  return part;
}

/** An opinion on what has come of it so far. */
function lean({ plan: { opinions } }: Gate, name: string, { scanner }: Part): void {
  if (opinions !== undefined) scanner.leanTo(opinions.leanOfPart(name));
}

function close(gate: Gate, name: string, part: Part): void {
  part.scanner.end();
  part.ended = true;
  gate.open.delete(name);
  keepFindings(gate, part.scanner.findings);
}

function cut(gate: Gate, finding: Finding): GateVerdict {
  return { kind: "cut", finding, chunks: drain(gate) };
}

/** Everything at the front that is decided, rewritten where an edit falls into it. */
function drain(gate: Gate, isLate = false): readonly Uint8Array[] {
  let ready = 0;
  const chunks: Uint8Array[] = [];
  for (const held of gate.held) {
    if (!held.places.every((place) => isDecided(place, isLate))) break;
    chunks.push(bytesOf(held));
    gate.heldBytes -= held.frame.bytes.length;
    ready += 1;
  }
  if (ready > 0) gate.held.splice(0, ready);
  return chunks;
}

function isDecided(place: Place | typeof CLEAR, isLate: boolean): boolean {
  if (place === CLEAR) return true;
  const { part, to } = place;
  const { blocked, begun, safe } = part.scanner;
  if (part.eager) return isLate || (part.ended && blocked === undefined) || begun >= to;
  return safe >= to && (part.ended || !part.whole);
}

function isEdited(place: Place | typeof CLEAR): boolean {
  if (place === CLEAR) return false;
  const { part, from, to } = place;
  return part.scanner.edits.some((edit) => edit.start < to && edit.end > from);
}

function bytesOf({ frame, places }: Held): Uint8Array {
  if (!places.some(isEdited)) return frame.bytes;
  const texts = frame.spans.map((span, i) => {
    const place = places[i];
    return place === CLEAR
      ? span.text
      : applyEdits(span.text, place.from, place.part.scanner.edits);
  });
  for (const place of places) place?.part.scanner.forget(place.to);
  return frame.rewrite(texts);
}

function overflow(gate: Gate, chunks: readonly Uint8Array[] = []): GateVerdict {
  if (gate.limits.overflow === "block") {
    return { kind: "cut", finding: unscannableFinding(gate.inspection, gate.unseen), chunks };
  }
  gate.overflowed = true;
  const late = gate.held.map(bytesOf);
  gate.held = [];
  gate.heldBytes = 0;
  return { kind: "emit", chunks: [...chunks, ...late] };
}

function keepFindings(gate: Gate, findings: readonly Finding[]): void {
  const room = FINDINGS_MAX - gate.findings.length;
  if (room > 0 && findings.length > 0) gate.findings.push(...findings.slice(0, room));
}

function allFindings(gate: Gate): readonly Finding[] {
  const open = [...gate.open.values()].flatMap((part) => part.scanner.findings);
  return [...gate.findings, ...open].slice(0, FINDINGS_MAX);
}
