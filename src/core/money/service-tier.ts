/**
 * Which of a model's price lists applies. Providers name them differently; what none of these names
 * means is `other`, which nobody has a price for.
 *
 * @see https://platform.openai.com/docs/guides/priority-processing
 * @see https://docs.anthropic.com/en/api/service-tiers
 * @see https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#TrafficType
 * @see https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html
 */
export const SERVICE_TIERS = ["standard", "batch", "flex", "priority", "fast", "other"] as const;
export type ServiceTier = (typeof SERVICE_TIERS)[number];

/**
 * How much dearer than the standard price a tier may be that an answer names and nobody priced: the
 * dearest multiple that its provider publishes, rounded up. Discounts that nobody priced are none.
 */
export const TIER_FACTOR_MAX = {
  standard: 1,
  batch: 1,
  flex: 1,
  priority: 3,
  fast: 6,
  other: 6,
} as const satisfies Record<ServiceTier, number>;

const NAMES = new Map<string, ServiceTier>([
  ["standard", "standard"],
  ["default", "standard"],
  ["standard_only", "standard"],
  ["on_demand", "standard"],
  // Vertex. How much cheaper off-peak hours are nobody publishes.
  ["on_demand_priority", "priority"],
  ["on_demand_flex", "flex"],
  ["on_demand_offpeak", "standard"],
  ["provisioned_throughput", "standard"],
  ["traffic_type_unspecified", "standard"],
  // The provider decides; its answer says what it was.
  ["auto", "standard"],
  ["batch", "batch"],
  ["flex", "flex"],
  ["priority", "priority"],
  // Capacity that was bought ahead: its tokens cost no more than the standard ones.
  ["scale", "standard"],
  ["reserved", "standard"],
  ["unspecified", "standard"],
  // OpenAI's newer name of priority processing; Anthropic's fast mode is a member of its own.
  ["fast", "priority"],
]);

/** Google writes `SERVICE_TIER_PRIORITY` too. */
const PREFIX = /^service_tier_/;

/** `undefined` where nothing is named; a name that is not known is a tier of its own. */
export function serviceTier(value: unknown): ServiceTier | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") return "other";
  return NAMES.get(value.toLowerCase().replace(PREFIX, "")) ?? "other";
}
