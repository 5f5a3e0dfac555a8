import type { Change } from "../ledger/entry.ts";
import { definitionLabel } from "./definition.ts";
import type { Observed, Pin } from "./pin.ts";

/** What the ledger keeps of a pin that changed: hashes and kinds of suspicion, no text. */
export function recordOf({ pin, change }: Observed, before: Pin | undefined, by: string): Change {
  const { ref, seen, approved, standing, suspicions } = pin;
  return {
    change: `definition.${change ?? "seen"}`,
    about: definitionLabel(ref),
    by,
    detail: {
      kind: ref.kind,
      era: ref.era,
      seen,
      standing,
      ...(ref.scope !== "" && { scope: ref.scope }),
      ...(before !== undefined && { before: before.seen }),
      ...(approved !== undefined && approved !== seen && { approved }),
      ...(suspicions.length > 0 && { suspicions: suspicions.map(({ kind }) => kind).join(" ") }),
    },
  };
}
