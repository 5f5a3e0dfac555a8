/** What the parts of the policy schema share. */
import { CLEARANCES } from "../identity/directory-entry.ts";
import * as Type from "./json-schema.ts";
import { POLICY_LIMITS } from "./policy-limits.ts";

export const closed = { additionalProperties: false } as const;

export const globs = (description: string, example: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: POLICY_LIMITS.globChars }), {
    description,
    minItems: 1,
    maxItems: POLICY_LIMITS.globsPerList,
    examples: [[example]],
  });

export const clearance = (description: string) =>
  Type.Integer({ description, minimum: 1, maximum: CLEARANCES.length, examples: [3] });

export const id = (description: string) =>
  Type.String({ description, pattern: "^[A-Za-z0-9][\\w.-]*$" });
