/** Lets the event loop serve what waits before the rest of a long computation. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
