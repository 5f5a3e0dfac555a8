/**
 * What is said of an address where it stands. A host beyond ASCII takes ten times as long to read as
 * another, so a text has a count of them that are read as the standard does; the rest are judged at
 * a glance. So are plain names, where a text has more than anybody reads. Counted by their places,
 * so that the same text is always judged the same.
 */
import {
  assessAtGlance,
  assessDestination,
  type Assessment,
  type DestinationLists,
} from "../../destination/assess-destination.ts";
import { keptByName, type KeptByName } from "../../destination/kept-by-name.ts";
import { isQuietName } from "../../destination/quiet-name.ts";
import type { CountedHosts, View } from "../signature.ts";

/** Read in any text, and behind an encoding, where less text has paid for it. */
const READ_MIN = 4;
const READ_INSIDE_MIN = 1;
/** One more is read with each so many units of a text. */
const UNITS_PER_READ = 1024;
/** The same of plain names. */
const NAMES_MIN = 16;
const NAMES_INSIDE_MIN = 4;
const UNITS_PER_NAME = 256;

/** As `scan-budget.ts` counts, beyond what any candidate takes. */
const READ_WORK = 1500;
const GLANCE_WORK = 120;

/** By its text: a page repeats its links. */
const assessments = new WeakMap<DestinationLists, KeptByName<Assessment>>();

const QUIET: Assessment = { host: "", domain: "", intricate: false, suspicions: [] };

/** `written`: what stands in `[start, end)`, before it was folded. */
export function assessedAt(view: View, start: number, end: number, written: string): Assessment {
  const { base, depth, intricate, named } = view.original;
  const { lists } = view;
  const place = base + start;
  const most = (depth === 0 ? READ_MIN : READ_INSIDE_MIN) + Math.floor(place / UNITS_PER_READ);
  const names = (depth === 0 ? NAMES_MIN : NAMES_INSIDE_MIN) + Math.floor(place / UNITS_PER_NAME);
  const isListed = isListing(lists);
  if (!isListed && !isReadAt(named, place, names) && isQuietName(written)) {
    count(named, place, false);
    return QUIET;
  }
  const atGlance =
    isListed || isReadAt(intricate, place, most)
      ? undefined
      : assessAtGlance(written, view.text.slice(start, end));
  const assessment = atGlance ?? assessed(written, lists);
  if (!assessment.intricate) {
    count(named, place, isReadAt(named, place, names));
    return assessment;
  }
  intricate.work += atGlance === undefined ? READ_WORK : GLANCE_WORK;
  count(intricate, place, isReadAt(intricate, place, most));
  return assessment;
}

/** What waited for more text is asked about again. */
function isReadAt({ place, isRead, read }: CountedHosts, at: number, most: number): boolean {
  return at === place ? isRead : read < most;
}

function count(hosts: CountedHosts, place: number, isRead: boolean): void {
  if (place === hosts.place) return;
  hosts.place = place;
  hosts.isRead = isRead;
  if (isRead) hosts.read += 1;
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
