// Plain JavaScript, as it runs before anything else. Two settings of a long-lived gate are read
// before a program's first line: how large V8's young generation may grow, and how many heaps malloc
// keeps. A process that lacks them becomes, under the same number, one that has them.
const YOUNG = "--max-semi-space-size";
/** Halves in MiB. V8's own 64 cost as much processor time and, under load, 80 MB more. */
const YOUNG_MB = 8;
/** One heap for all threads of a mostly single-threaded process: some 5 MB less. */
const ARENAS = "MALLOC_ARENA_MAX";

const isGate = process.argv[2] === "up";
const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
const isChosen = flags.includes(YOUNG);
// A debugger has found this process, and would lose it.
const isWatched = flags.includes("--inspect");
// A parent that talks to this process would lose it, and a platform without exec has to do without.
if (isGate && !isChosen && !isWatched && !process.channel && process.execve) {
  const [, ...rest] = process.argv;
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, `${YOUNG}=${YOUNG_MB}`, ...rest],
    { [ARENAS]: "1", ...process.env },
  );
}
