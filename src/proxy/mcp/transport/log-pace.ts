const WINDOW_MS = 1_000;

/**
 * Whether one more line may go into the log: so many a second, so that a server that babbles fills
 * no disk. `over` once a second, to say that there is more.
 */
export function logPace(perSecond: number, now: () => number): () => "go" | "over" | "stop" {
  let until = Number.NEGATIVE_INFINITY;
  let passed = 0;
  return () => {
    const at = now();
    if (at >= until) {
      until = at + WINDOW_MS;
      passed = 0;
    }
    passed += 1;
    if (passed <= perSecond) return "go";
    return passed === perSecond + 1 ? "over" : "stop";
  };
}
