import { DEFAULT_RULE, type Approval, type RateLimit } from "../decision.ts";
import type { RuleId } from "../units.ts";
import type { SchemaSide } from "../trust/schema-checks.ts";
import type { Audience } from "./audience.ts";
import type { RuleCharge } from "./charge.ts";
import type { Condition } from "./condition.ts";
import type { Effect } from "./policy-file.ts";
import type { Selector } from "./selector.ts";
import type { Place } from "./source-text.ts";

/** A rule as requests meet it. Frozen, one shape for all. */
export interface CompiledRule extends Audience {
  readonly kind: "compiled_rule";
  readonly id: RuleId;
  readonly place: Place;
  /** Position among all rules; keeps `because` in the order of the files. */
  readonly order: number;
  readonly effect: Effect;
  /** Evaluated and recorded, never obeyed. */
  readonly shadow: boolean;
  readonly selector: Selector;
  readonly condition: Condition | undefined;
  readonly approval: Approval;
  readonly rates: readonly RateLimit[];
  readonly outputTokens: number | undefined;
  readonly marks: readonly string[];
  readonly checks: readonly SchemaSide[];
  readonly charges: readonly RuleCharge[];
  readonly message: string | undefined;
  readonly remedy: string | undefined;
  /** For records and alerts; no decision depends on it. */
  readonly severity: string | undefined;
  readonly category: string | undefined;
  readonly notify: readonly string[];
}

/** Ids that decisions use without a rule of that name; the second is pipeline/decide.ts's. */
export const RESERVED_IDS: readonly string[] = [DEFAULT_RULE, "housekeeping"];
