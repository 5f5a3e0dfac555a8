/**
 * What is said of an address where it stands. A host beyond ASCII takes ten times as long to read as
 * another, so a text has a count of them that are read as the standard does; the rest are judged at
 * a glance. Counted by their places, so that the same text is always judged the same.
 */
import {
  assessAtGlance,
  assessDestination,
  type Assessment,
  type DestinationLists,
} from "../../destination/assess-destination.ts";
import { keptByName, type KeptByName } from "../../destination/kept-by-name.ts";
import type { View } from "../signature.ts";

/** Read in any text, and behind an encoding, where less text has paid for it. */
const READ_MIN = 4;
const READ_INSIDE_MIN = 1;
/** One more is read with each so many units of a text. */
const UNITS_PER_READ = 1024;

/** As `scan-budget.ts` counts, beyond what any candidate takes. */
const READ_WORK = 1500;
const GLANCE_WORK = 120;

/** By its text: a page repeats its links. */
const assessments = new WeakMap<DestinationLists, KeptByName<Assessment>>();

/** `written`: what stands in `[start, end)`, before it was folded. */
export function assessedAt(view: View, start: number, end: number, written: string): Assessment {
  const { base, depth, intricate } = view.original;
  const { lists } = view;
  const place = base + start;
  const most = (depth === 0 ? READ_MIN : READ_INSIDE_MIN) + Math.floor(place / UNITS_PER_READ);
  // What waited for more text is asked about again.
  const isRead = place === intricate.place ? intricate.isRead : intricate.read < most;
  const atGlance =
    isRead || isListing(lists) ? undefined : assessAtGlance(written, view.text.slice(start, end));
  const assessment = atGlance ?? assessed(written, lists);
  if (!assessment.intricate) return assessment;
  intricate.work += atGlance === undefined ? READ_WORK : GLANCE_WORK;
  if (place !== intricate.place) {
    intricate.place = place;
    intricate.isRead = isRead;
    if (isRead) intricate.read += 1;
  }
  return assessment;
}

/** An operator's lists have names as the standard reads them. */
function isListing({ trusted, blocked, feeds }: DestinationLists): boolean {
  return trusted.size > 0 || blocked.size > 0 || feeds.size > 0;
}

function assessed(address: string, lists: DestinationLists): Assessment {
  const kept = keptFor(lists);
  const known = kept.get(address);
  if (known !== undefined) return known;
  const assessment = assessDestination(address, lists);
  kept.keep(address, assessment);
  return assessment;
}

function keptFor(lists: DestinationLists): KeptByName<Assessment> {
  let kept = assessments.get(lists);
  if (kept === undefined) assessments.set(lists, (kept = keptByName<Assessment>()));
  return kept;
}
