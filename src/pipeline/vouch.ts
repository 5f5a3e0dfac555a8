/**
 * The second part of stage 4. A tool or prompt is what somebody approved, or it is not used: a
 * server that says something else than it said before is stopped here, one definition at a time.
 */
import type { Action, ToolAction } from "../core/action.ts";
import { layersOf } from "../core/meta-tool/unwrap.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import {
  DEFINITION_ERAS,
  definitionLabel,
  scopeOf,
  type DefinitionEra,
  type DefinitionRef,
} from "../core/trust/definition.ts";
import type { DefinitionStore } from "../core/trust/definition-store.ts";
import type { Pin, TrustMode } from "../core/trust/pin.ts";
import type { Upstream } from "../core/upstream.ts";
import { halt, pass, type Verdict } from "../core/verdict.ts";
import { printable } from "../lib/printable.ts";

export type Pins = Pick<DefinitionStore, "pin" | "trustOf" | "listedNameOf">;

export interface Vouched {
  readonly action: Action;
  readonly upstream: Upstream;
  readonly principal: Principal;
  /** Whose form of the definition the client was told; undefined: both must stand. */
  readonly era: DefinitionEra | undefined;
}

/** `undefined`: nothing is pinned for an action like this. */
export function vouch(asked: Vouched, pins: Pins): Verdict<Pin | undefined> {
  const { action, upstream, principal, era } = asked;
  if (upstream.transport.kind === "own") return NOT_PINNED;
  const view = { scope: scopeOf(upstream, principal), era: era ?? DEFINITION_ERAS[0] };
  const vouched = vouchIn(action, view, pins);
  if (era !== undefined || vouched.kind === "halt") return vouched;
  return vouchIn(action, { ...view, era: DEFINITION_ERAS[1] }, pins);
}

/** Who is told the definitions: with which credential, in which era. */
type View = Pick<DefinitionRef, "scope" | "era">;

function vouchIn(action: Action, view: View, pins: Pins): Verdict<Pin | undefined> {
  if (action.kind === "tool" && action.via !== undefined) return vouchThrough(action, view, pins);
  const ref = definitionOf(action, view);
  return ref === undefined ? NOT_PINNED : vouchFor(ref, pins);
}

/**
 * What stands in a meta-tool's call is often never listed: the definition that a model has read is
 * the meta-tool's. Where it is listed, it must be approved as well.
 */
function vouchThrough(action: ToolAction, view: View, pins: Pins): Verdict<Pin | undefined> {
  let inner: Verdict<Pin | undefined> = NOT_PINNED;
  for (const { upstream, tool, via } of layersOf(action)) {
    const ref = { ...view, upstream, kind: "tool", name: tool } as const;
    const isUnlisted = via !== undefined && pins.pin(ref) === undefined;
    if (isUnlisted && pins.listedNameOf(ref) === undefined) continue;
    const vouched = vouchFor(ref, pins);
    if (vouched.kind === "halt") return vouched;
    if (tool === action.tool) inner = vouched;
  }
  return inner;
}

function vouchFor(ref: DefinitionRef, pins: Pins): Verdict<Pin | undefined> {
  const pin = pins.pin(ref);
  const listed = pin === undefined ? pins.listedNameOf(ref) : undefined;
  if (listed !== undefined) return halt(misspelt(ref, listed));
  // Where first use is trusted, not having been listed yet is no reason to refuse.
  if (pin === undefined && pins.trustOf(ref.upstream) === "first_use") return NOT_PINNED;
  switch (pin?.standing) {
    case "approved":
      return pass(pin);
    case "changed":
      return halt(changed(ref));
    case "pending":
    case undefined:
      return halt(pending(ref, pins.trustOf(ref.upstream)));
  }
}

const NOT_PINNED = pass(undefined);

function definitionOf(action: Action, view: View): DefinitionRef | undefined {
  if (action.kind === "tool") {
    return { ...view, upstream: action.upstream, kind: "tool", name: action.tool };
  }
  if (action.kind !== "mcp" || action.method !== "prompts/get") return undefined;
  return { ...view, upstream: action.upstream, kind: "prompt", name: action.name ?? "" };
}

function changed(ref: DefinitionRef): Refusal {
  const label = definitionLabel(ref);
  return {
    code: "definition_changed",
    detail: `${label} is no longer what was approved: its server has changed its definition.`,
    remedy: `Use something else. An operator compares and decides: sallyport mcp diff "${label}".`,
  };
}

/** Servers that are blind to case would make the call, past the rules for the name it stands for. */
function misspelt(ref: DefinitionRef, listed: string): Refusal {
  const meant = definitionLabel({ ...ref, name: listed });
  return {
    code: "definition_pending",
    detail: `${ref.upstream} lists nothing called ${printable(definitionLabel(ref))}, but ${meant}.`,
    remedy: `If you mean ${meant}, write it exactly so.`,
  };
}

function pending(ref: DefinitionRef, trust: TrustMode): Refusal {
  const label = definitionLabel(ref);
  const verb = trust === "locked" ? "lock" : "approve";
  return {
    code: "definition_pending",
    detail: `Nobody has approved the definition of ${label} yet.`,
    remedy: `Use something else. An operator decides: sallyport mcp ${verb} "${label}".`,
  };
}
