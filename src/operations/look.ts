/** Stage 4 as a whole: what the request says, and how the session behaves. */
import type { Facts } from "../core/evidence.ts";
import type { Inspection } from "../core/inspect/inspection.ts";
import type { RiskLevel } from "../core/session/conduct.ts";
import { pass, type Verdict } from "../core/verdict.ts";
import type { Ask, Changes, Scannable } from "../pipeline/ask.ts";
import type { Ports } from "../pipeline/stages.ts";
import { watch } from "../pipeline/watch.ts";
import { detect, foreseeRequest } from "../pipeline/detect.ts";

export interface Looked {
  readonly redacted: Changes["redacted"];
  readonly risk: RiskLevel;
}

export async function look(
  { surroundings, upstream, at }: Ask,
  scannable: Scannable,
  inspection: Inspection,
  facts: Facts,
  { conduct }: Ports,
): Promise<Verdict<Looked>> {
  const foreseen = foreseeRequest(scannable, inspection);
  if (foreseen !== undefined) await foreseen;
  const detected = detect(scannable, surroundings, inspection, upstream.unscannable);
  facts.findings = detected.findings;
  facts.requestScan = detected.scan;
  if (detected.verdict.kind === "halt") return detected.verdict;
  const watched = watch(facts, inspection, at, conduct);
  if (watched.kind === "halt") return watched;
  return pass({ redacted: detected.verdict.value, risk: watched.value });
}
