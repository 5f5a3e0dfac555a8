import type { Fault } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";

/** Whoever asks about another wallet than their own has the wrong key for it. */
export function foreignWallet(caller: Caller, wallet: string): Fault | undefined {
  if (wallet === caller.tenant) return undefined;
  return { code: "unauthenticated", detail: "This key is not of this wallet." };
}
