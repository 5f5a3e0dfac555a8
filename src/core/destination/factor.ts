/** What kind of trouble an address means; policy names them `destination.<kind>`. */
export const DESTINATION_KINDS = [
  "ssrf",
  "lookalike",
  "exfiltration",
  "suspicious",
  "listed",
] as const;

export type DestinationKind = (typeof DESTINATION_KINDS)[number];

/** One reason to distrust an address. Reasons of one kind add up as independent chances. */
export interface Factor {
  readonly kind: DestinationKind;
  readonly name: string;
  /** 0–1: how likely an address with this is bad. */
  readonly weight: number;
}
