import type { Refusal } from "./refusal.ts";

/** What a stage tells the pipeline: go on with this value, or stop and answer with this refusal. */
export type Verdict<T> =
  | { readonly kind: "pass"; readonly value: T }
  | { readonly kind: "halt"; readonly refusal: Refusal };

export function pass<T>(value: T): Verdict<T> {
  return { kind: "pass", value };
}

export function halt(refusal: Refusal): Verdict<never> {
  return { kind: "halt", refusal };
}
