import { constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";

/**
 * Where one of our outputs is a pipe or a socket. Whoever reads it may stop reading, and a write that
 * waits would keep a thread, and the process from ending: this one never waits. A pipe is opened
 * anew, because whether one waits is common to all who have it; a socket cannot be, and `shared` is
 * what then is used. Undefined: it is neither.
 */
export function openPipe<Shared>(fd: 1 | 2, shared: () => Shared): Socket | Shared | undefined {
  const output = fstatSync(fd);
  if (!output.isFIFO() && !output.isSocket()) return undefined;
  try {
    const { O_WRONLY, O_NONBLOCK } = constants;
    const own = openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK);
    return new Socket({ fd: own, readable: false, writable: true });
  } catch {
    // Also somebody else's pipe, or another system.
    return shared();
  }
}
