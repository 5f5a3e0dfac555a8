/** Detectors and families that `inspect` entries may ask for; a family finds all its members. */
export const DETECTORS = [
  "injection",
  "secret",
  "pii",
  "pii.email",
  "pii.card",
  "pii.iban",
  "pii.phone",
  "pii.national_id",
  "pii.ip",
  "pii.name",
] as const;
