/** What a process keeps: its heap after a garbage collection, asked of its inspector. */

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: number } };
}

export interface LiveHeap extends Disposable {
  /** Bytes that are still reachable. */
  used(): Promise<number>;
}

/** `output`: of a process that was started with `--inspect=127.0.0.1:0`. */
export async function openLiveHeap(output: () => string): Promise<LiveHeap> {
  const url = /ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/.exec(output())?.[0];
  if (url === undefined) throw new Error("the process has no inspector");
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`no inspector at ${url}`)));
  });
  let asked = 0;
  const ask = (method: string, params: object = {}): Promise<Answer> => {
    const id = (asked += 1);
    return new Promise((resolve) => {
      const hear = ({ data }: MessageEvent): void => {
        const answer = JSON.parse(String(data)) as Answer;
        if (answer.id !== id) return;
        socket.removeEventListener("message", hear);
        resolve(answer);
      };
      socket.addEventListener("message", hear);
      socket.send(JSON.stringify({ id, method, params }));
    });
  };
  return {
    async used() {
      // What finalizers let go is collected by the second one.
      await ask("HeapProfiler.collectGarbage");
      await ask("HeapProfiler.collectGarbage");
      const expression = "process.memoryUsage().heapUsed";
      const { result } = await ask("Runtime.evaluate", { expression, returnByValue: true });
      return result?.result?.value ?? 0;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
