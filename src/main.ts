/** The `sallyport` command. Everything it may touch of the process is handed down from here. */
import { enableCompileCache } from "node:module";

enableCompileCache();
const { runProgram } = await import("./cli/program.ts");

process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  workingDirectory: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
