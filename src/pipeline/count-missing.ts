/**
 * Between stages 10 and 11: an answer that came whole and without a bill is counted here, after the
 * agent has it. What cannot be counted keeps its hold.
 */
import type { TokenCounter, Uncounted } from "../core/money/token-counter.ts";
import { UNCOUNTED, type Usage } from "../core/money/usage.ts";
import type { InspectionReport } from "./ask.ts";

/**
 * Other models cut text otherwise than the tokenizer here: up to a quarter more for those with
 * older, smaller vocabularies.
 */
const MARGIN = 1.25;
/** Roles and delimiters that a chat template puts round the text. */
const TEMPLATE_TOKENS = 64;

export async function countMissing(
  report: InspectionReport,
  uncounted: Uncounted,
  counter: TokenCounter,
): Promise<InspectionReport> {
  const counts = await counter.count([uncounted.input, uncounted.output]);
  if (counts === undefined) return report;
  const [input = 0, output = 0] = counts;
  const usage: Usage = {
    ...UNCOUNTED,
    input: Math.ceil(input * MARGIN) + TEMPLATE_TOKENS + uncounted.imageTokens,
    output: Math.ceil(output * MARGIN),
    source: "estimated",
  };
  return { ...report, usage };
}
