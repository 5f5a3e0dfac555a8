import { compilePolicies } from "../core/policy/compile-policy.ts";
import type { Budget } from "../core/money/budget.ts";
import { policyFilesStamp, readPolicyFiles } from "./policy-files.ts";

/**
 * The budgets of a policy directory, for those who look at them from outside the gateway. Read again
 * when a file changed; files with problems leave the last good ones, as in the gateway.
 */
export function openBudgetSource(directory: string): () => readonly Budget[] {
  let stamp: string | undefined;
  let budgets: readonly Budget[] = [];
  return () => {
    const now = policyFilesStamp(directory);
    if (now === stamp) return budgets;
    const { sources, problems } = readPolicyFiles(directory);
    const reply = problems.length > 0 ? undefined : compilePolicies(sources);
    if (reply?.kind === "ok") budgets = reply.budgets.map(({ budget }) => budget);
    stamp = now;
    return budgets;
  };
}
