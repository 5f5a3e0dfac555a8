/** The least-privilege policy that recorded traffic needs, checked before anybody sees it. */
import { compilePolicies } from "../../core/policy/compile-policy.ts";
import { learnRules } from "../../core/replay/learned-rules.ts";
import { createLearner } from "../../core/replay/learner.ts";
import type { ReplayPolicies } from "../../core/replay/replay-call.ts";
import { createRuleLookup } from "../../core/replay/rule-lookup.ts";
import { writePolicy, type LearnedPolicy } from "../../core/replay/write-policy.ts";
import { hearTraffic, type Heard, type Traffic } from "./simulate-traffic.ts";

export interface LearnedTraffic extends LearnedPolicy, Heard {
  readonly calls: number;
  /** Whose calls were heard; of more than one, the policy would give each what the others need. */
  readonly tenants: readonly string[];
}

/** `decided`: the policies that are still here, whose conditions the learned ones keep. */
export async function learnPolicy(
  traffic: Traffic,
  decided: ReplayPolicies | undefined,
): Promise<LearnedTraffic> {
  const learner = createLearner(decided?.digest);
  const seen = new Set<string>();
  const heard = await hearTraffic(traffic, (call) => {
    if (call !== undefined) seen.add(call.principal.tenant);
    learner.observe(call);
  });
  const need = learner.need();
  const learned = learnRules(need, createRuleLookup(decided?.rules ?? []));
  const { tenant } = traffic.filter;
  const draft = writePolicy(need, learned, { tenant, untested: new Set() });
  // Where several rules meet in one call, its verdict is not what one of them says.
  const untested = rulesWhoseTestsFail(draft.text);
  const policy = untested.size === 0 ? draft : writePolicy(need, learned, { tenant, untested });
  return { ...policy, ...heard, calls: need.calls, tenants: [...seen] };
}

function rulesWhoseTestsFail(text: string): ReadonlySet<string> {
  const { tests } = compilePolicies([{ file: "learned.yaml", text }]);
  const lines = text.split("\n");
  const failed = tests.filter(({ kind }) => kind === "failed");
  return new Set(
    failed.flatMap(({ place }) => BECAUSE.exec(lines[place.line - 1] ?? "")?.[1] ?? []),
  );
}

/** The end of a test as it is written. */
const BECAUSE = /"because":\["([\w.-]+)"\]\}$/u;
