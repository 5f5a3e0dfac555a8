// Plain JavaScript, as it runs before anything else. How many heaps malloc keeps is read before a
// program's first line. One for all threads of a mostly single-threaded process takes some 5 MB less
// of an idle gate, so a process without it becomes, under the same number, one that has it.
const isGate = process.argv[2] === "up";
const isChosen = process.env.MALLOC_ARENA_MAX !== undefined;
// A debugger has found this process, and would lose it.
const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ""].join(" ");
const isWatched = flags.includes("--inspect");
// A parent that talks to this process would lose it, and a platform without exec has to do without.
if (isGate && !isChosen && !isWatched && !process.channel && process.execve) {
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve(process.execPath, again, { ...process.env, MALLOC_ARENA_MAX: "1" });
}
