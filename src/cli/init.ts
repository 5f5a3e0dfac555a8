import { constants, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CONFIG_FILE_NAME } from "../app/config/load-config.ts";
import { SAMPLE_POLICIES, sampleConfig } from "../app/config/sample-config.ts";
import { messageOf, systemCodeOf } from "../lib/caught.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";
import type { Shell } from "./shell.ts";

/** Writes what is missing of a project's files, and says what it left alone. */
export function init(directory: string, shell: Shell): number {
  const project = resolve(shell.workingDirectory, directory);
  const config = join(project, CONFIG_FILE_NAME);
  try {
    mkdirSync(project, { recursive: true });
    write(config, sampleConfig(shell.environment, "policies"), shell);
    const policies = join(project, "policies");
    mkdirSync(policies, { recursive: true });
    for (const name of samples()) copy(join(SAMPLE_POLICIES, name), join(policies, name), shell);
  } catch (error) {
    const reason = messageOf(error);
    throw new CommandFailure(EXIT.unavailable, `the project cannot be written: ${reason}`);
  }
  shell.out("\nNext:  sallyport up            start it\n");
  shell.out("       sallyport policy check  after every change\n");
  return EXIT.ok;
}

function samples(): readonly string[] {
  const kept = /\.(ya?ml|schema\.json)$/;
  return readdirSync(SAMPLE_POLICIES).filter((name) => kept.test(name));
}

function write(path: string, text: string, shell: Shell): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
    shell.out(`wrote  ${path}\n`);
  } catch (error) {
    left(error, path, shell);
  }
}

function copy(from: string, to: string, shell: Shell): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    shell.out(`wrote  ${to}\n`);
  } catch (error) {
    left(error, to, shell);
  }
}

/** Throws what is not "it is there already". */
function left(error: unknown, path: string, shell: Shell): void {
  if (systemCodeOf(error) !== "EEXIST") throw error;
  shell.out(`kept   ${path}\n`);
}
