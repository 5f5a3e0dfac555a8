/** The `sallyport` command. Everything it may touch of the process is handed down from here. */
import { EXIT } from "./cli/exit-code.ts";
import { runProgram } from "./cli/program.ts";

/** A pipe that is full and that nobody reads would keep an ended service for good. */
const LAST_LINES_MS = 1_000;

let serving = false;

// `sallyport config show | head`: nobody reads on, which is no error. A gate has other readers.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  if (!serving) process.exit(EXIT.ok);
});

try {
  process.exitCode = await runProgram(process.argv.slice(2), {
    environment: process.env,
    workingDirectory: process.cwd(),
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    keepOn: () => void (serving = true),
    endSoon: () => void setTimeout(() => process.exit(), LAST_LINES_MS).unref(),
  });
  // What was not finished would keep the process alive until it is.
  if (process.exitCode === EXIT.interrupted) process.exit();
} catch (error) {
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`sallyport: this is a bug; please report it with what follows\n${stack}\n`);
  process.exitCode = EXIT.bug;
}
