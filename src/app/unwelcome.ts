import type { Refusal } from "../core/refusal.ts";
import { errorOf } from "../lib/caught.ts";
import type { Presented } from "../pipeline/ask.ts";
import { identify } from "../pipeline/identify.ts";
import { stoppedBy } from "../pipeline/limit.ts";
import type { Ports } from "../pipeline/stages.ts";

/**
 * Why whoever showed this may ask for nothing now: a key that is no more, a session that is over, a
 * stop of any kind. Never rejects.
 */
export async function unwelcome(
  presented: Presented,
  { directory, gate }: Pick<Ports, "directory" | "gate">,
): Promise<Refusal | undefined> {
  try {
    const asked = await identify(presented, directory);
    if (asked.kind === "halt") return asked.refusal;
    const stop = gate.stopped(asked.value);
    return stop === undefined ? undefined : stoppedBy(stop, asked.value);
  } catch (error) {
    const detail = "It cannot be known now whether this agent may go on.";
    return { code: "limit_unavailable", detail, cause: errorOf(error) };
  }
}
