/** What `sallyport` ends with. Scripts rely on these: they change with a major version only. */
export const EXIT = {
  ok: 0,
  /** The command ran and its answer is no: a finding, a failing test, a broken chain. */
  failure: 1,
  /** The command line, the config or the policies are wrong; nothing was done. */
  usage: 2,
  /** The machine said no: a port taken, a directory that cannot be written. */
  unavailable: 3,
  /** A bug of ours (sysexits.h EX_SOFTWARE). */
  bug: 70,
  /** A second signal: ended without finishing what ran. The next start gives it an outcome. */
  interrupted: 130,
  /** `run`: the command could not be started, could not be found (as shells have it). */
  notExecutable: 126,
  notFound: 127,
  /** `run`: 128 and the number of the signal that ended the command. */
  signalled: 128,
} as const;
