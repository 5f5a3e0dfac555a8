/** Beside the event loop: ends the process when one look does not end. See `lookout.ts`. */
import { rmSync, writeFileSync, writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { wallMillis } from "../../lib/clock.ts";
import { LOOKING, lookoutCells, LOOKS, NAME_BYTES, NAMED, STOP } from "./lookout-cells.ts";
import type { LookoutThread } from "./lookout.ts";
import type { StuckNote } from "./stuck-notes.ts";

/** Between two looks at what the event loop does. A machine that slept counts as one of them. */
const POLL_MS = 200;
/** The note is written so early that it is there when memory runs out before the time does. */
const NOTE_SHARE = 8;
/** Without a look for so long the thread ends; the next look starts another. */
const IDLE_MS = 60_000;
const STDERR = 2;

const { shared, stuckMs, note }: LookoutThread = workerData;
const { numbers, text } = lookoutCells(shared);

let looks = numbers[LOOKS];
/** How long the look at hand, or the time without any, has lasted. */
let lasted = 0;
let noted = false;
while (Atomics.wait(numbers, STOP, 0, POLL_MS) === "timed-out") {
  const isLooking = numbers[LOOKING] === 1;
  const isSame = numbers[LOOKS] === looks;
  looks = numbers[LOOKS];
  lasted = isSame ? lasted + POLL_MS : 0;
  if (!isLooking || !isSame) {
    if (noted) rmSync(note, { force: true });
    noted = false;
    if (lasted >= IDLE_MS) break;
    continue;
  }
  if (lasted * NOTE_SHARE >= stuckMs && !noted) {
    writeNote();
    noted = true;
  }
  if (lasted >= stuckMs) endProcess();
}

function writeNote(): void {
  const bytes = text.slice(0, numbers[NAMED] === 1 ? numbers[NAME_BYTES] : 0);
  const said: StuckNote = { at: wallMillis(), lookedAt: new TextDecoder().decode(bytes) };
  try {
    writeFileSync(note, JSON.stringify(said), { mode: 0o600 });
  } catch {
    // Without room for a note the process is ended all the same; the line below says why.
  }
}

function endProcess(): void {
  const line = { level: "fatal", stuck_ms: stuckMs, note, msg: "a look at a text does not end" };
  writeSync(STDERR, `${JSON.stringify(line)}\n`);
  process.kill(process.pid, "SIGKILL");
}
