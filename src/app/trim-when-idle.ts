import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How often it is looked whether nothing happens. */
const LOOK_MS = 1_000;
/** Less of a processor than this is nothing. */
const IDLE_SHARE = 0.05;
/** While the program starts, one idle look is enough: nothing is compiled yet that matters. */
const STARTING_LOOKS = 5;
/** Later, five minutes of them: the collection also drops code that would be compiled again. */
const IDLE_LOOKS_MIN = 300;
/** A collection takes 60–150 ms, so there must be something to give back. */
const GROWTH_BYTES_MIN = 32 * 1024 * 1024;

/**
 * Gives memory back once nothing happens: what loading the program left on the heap, and later what
 * a busy hour did. V8 would do it too, but a sidecar that idles waits for that for hours.
 */
export function trimWhenIdle(): Disposable {
  let cpu = process.cpuUsage();
  let kept = 0;
  let looks = 0;
  let idleLooks = 0;
  const look = (): void => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    looks += 1;
    idleLooks = (user + system) / 1000 < LOOK_MS * IDLE_SHARE ? idleLooks + 1 : 0;
    const enough = looks <= STARTING_LOOKS ? 1 : IDLE_LOOKS_MIN;
    if (idleLooks < enough || process.memoryUsage.rss() - kept < GROWTH_BYTES_MIN) return;
    trimHeap();
    kept = process.memoryUsage.rss();
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function trimHeap(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") collect({ type: "major", flavor: "last-resort" });
}
