/** How much one LLM call can use at most: what its hold is made from. */
import type { Demand } from "./demand.ts";
import type { ModelPrice } from "./price.ts";
import { TOKENS_MAX } from "./token-count.ts";

/** Providers put a prompt of their own beside the client's, most of all for tools. */
const HIDDEN_PROMPT_TOKENS = 512;
/** What one call of a provider's tool puts before the model; more becomes debt. */
export const TOOL_RESULT_TOKENS = 32_768;
/** Calls of provider tools where the client set no bound; written into its request. */
export const PROVIDER_TOOL_CALLS_DEFAULT = 5;

export interface Bounds {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly toolCalls: number;
}

/** What is known before the call: all of it the client's own word or size. */
export interface Asked {
  /** From the size of what is sent. */
  readonly inputTokens: number;
  readonly choices: number;
  readonly demand: Demand;
}

/** `outputCap`: the smallest cap that anyone named; undefined: the model's own limit holds. */
export function boundsOf(asked: Asked, price: ModelPrice, outputCap: number | undefined): Bounds {
  const { demand, choices } = asked;
  const toolCalls = toolCallsOf(demand);
  const own = bounded(bounded(asked.inputTokens) + HIDDEN_PROMPT_TOKENS + demand.imageTokens);
  const input = demand.readsUnseen ? Math.max(own, price.contextTokens) : own;
  const output = outputCap ?? price.outputTokensLimit;
  return {
    inputTokens: bounded(withToolResults(input, toolCalls)),
    outputTokens: bounded(output * Math.max(choices, 1)),
    toolCalls,
  };
}

function toolCallsOf({ tools, toolCallsMax }: Demand): number {
  if (tools.length === 0) return 0;
  return bounded(toolCallsMax ?? PROVIDER_TOOL_CALLS_DEFAULT);
}

/** After each call the model reads everything again, with what the call brought. */
function withToolResults(input: number, calls: number): number {
  return input * (calls + 1) + (TOOL_RESULT_TOKENS * calls * (calls + 1)) / 2;
}

/** Counts come from the client in the end: whatever they are, the arithmetic stays exact. */
function bounded(tokens: number): number {
  return tokens <= TOKENS_MAX ? Math.max(Math.ceil(tokens), 0) : TOKENS_MAX;
}
