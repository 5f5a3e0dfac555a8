/**
 * Every look that may call a detector goes through here, so that whoever runs the process can put
 * something around it that ends a look which never would. Core has no clock and no threads.
 */

/** Runs one look to its end, or throws. */
export type LookGuard = <T>(look: (subject: T) => void, subject: T) => void;

const UNGUARDED: LookGuard = (look, subject) => look(subject);

let guard = UNGUARDED;
let inside = false;

/** For all looks of this process from now on; undefined: nothing is around them. */
export function guardLooks(by: LookGuard | undefined): void {
  guard = by ?? UNGUARDED;
}

/** Within a guarded look it just runs. Throws what the look throws, or what the guard does. */
export function guarded<T>(look: (subject: T) => void, subject: T): void {
  if (inside) return look(subject);
  inside = true;
  try {
    guard(look, subject);
  } finally {
    inside = false;
  }
}
