import type { Permit } from "../../src/core/permit.ts";

declare const parts: Omit<Permit, never>;
const { exchange, action, terms, reservation, opened } = parts;
// @ts-expect-error a Permit cannot be written by hand: `minted` is nobody's to give
export const forged: Permit = { exchange, action, terms, reservation, opened };
