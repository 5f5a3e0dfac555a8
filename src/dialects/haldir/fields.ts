/** Schemas and notations that several resources share. */
import { Type } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import { isLive } from "../../core/identity/agent-session.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { Entry } from "../../core/identity/directory-entry.ts";
import { nanoUsdOf } from "../../core/money/usd-text.ts";
import type { NanoUsd } from "../../core/units.ts";
import { findSession } from "../../operations/identity/manage-sessions.ts";
import type { DialectCore } from "../dialect-core.ts";

const NANO = 1_000_000_000;
/** As much as a balance can count: 2^53 nano-dollars. */
const USD_MAX = 9_007_199;
const TEXT_CHARS_MAX = 2_048;

export const Text = Type.String({ maxLength: TEXT_CHARS_MAX });
/** Names of agents: nothing that a path, a header or a line of a log would read otherwise. */
export const AgentName = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$" });
export const Label = Type.String({ maxLength: 128, pattern: "^[^\\u0000-\\u001f\\u007f]*$" });
export const SessionId = Type.String({ minLength: 1, maxLength: 128 });
export const Usd = Type.Number({ minimum: 0, maximum: USD_MAX });

/** Never less than what was written: fractions of a nano-dollar round up. */
export function nanoUsdFrom(dollars: number): NanoUsd {
  return nanoUsdOf(String(dollars));
}

export function dollarsOf(nano: number): number {
  return nano / NANO;
}

/** Times are Unix seconds with a fraction. */
export function secondsOf(at: number): number {
  return at / 1000;
}

/** An agent's session while it is live. */
export async function liveSession(
  caller: Caller,
  session: string,
  { identity: { ports } }: DialectCore,
): Promise<Answer<Entry<"session">>> {
  const found = await findSession(caller, session, ports);
  const isHere = found.kind === "done" && isLive(found.value.body, ports.now());
  if (isHere) return done(found.value);
  return found.kind === "fault" && found.fault.code !== "not_found" ? found : SESSION_OVER;
}

const SESSION_OVER = fault("unauthenticated", "Session not found, expired or revoked.");
