/** `sallyport policy`: what the policy files say, and what is wrong with them. */
import { Command } from "commander";
import { languageReference, schemaText } from "../../core/policy/language-reference.ts";
import type { TestResult } from "../../core/policy/run-tests.ts";
import { CommandFailure } from "../command-failure.ts";
import { counted } from "../../lib/counted.ts";
import { EXIT } from "../exit-code.ts";
import { openPolicyDirectory, type PolicyDirectory } from "./policy-directory.ts";
import { addExplain } from "./policy-explain.ts";
import { refusePolicies, showPolicyProblems } from "./policy-problems.ts";
import { addLearn } from "./policy-learn.ts";
import { addSimulate } from "./policy-simulate.ts";
import type { Shell } from "../shell.ts";

const EXAMPLES = `
Examples:
  $ sallyport policy check                 the directory that the configuration names
  $ sallyport policy check policies/packs  another one, or one file
  $ sallyport policy test -v
  $ sallyport policy explain --agent demo-agent --tool tools.pay --args '{"amount": 70}'
  $ sallyport policy simulate new.yaml --since 7d
  $ sallyport policy learn --agent support-bot --since 7d --out learned.yaml

Exit codes: 0 all is well, 1 problems or failing tests.`;

interface CheckOptions {
  readonly config?: string;
  readonly json?: true;
  readonly verbose?: true;
}

export function policyCommand(shell: Shell): Command {
  const command = new Command("policy").addHelpText("after", EXAMPLES);
  onDirectory(
    command.command("check").description("list every problem at once, with its place"),
  ).action((dir: string | undefined, options: CheckOptions) => check(dir, options, shell));
  onDirectory(command.command("test").description("run the tests inside the files"))
    .option("-v, --verbose", "show passing tests as well")
    .action((dir: string | undefined, options: CheckOptions) => test(dir, options, shell));
  addExplain(command, shell);
  addSimulate(command, shell);
  addLearn(command, shell);
  command
    .command("schema")
    .description("print the JSON Schema of policy files, for editors")
    .action(() => shell.out(schemaText()));
  command
    .command("docs")
    .description("print the language reference, in Markdown")
    .action(() => shell.out(languageReference()));
  return command;
}

function onDirectory(command: Command): Command {
  return command
    .argument("[dir]", "a directory of policy files, or one file (default: as configured)")
    .option("--config <file>", "the configuration that names the directory")
    .option("--json", "print JSON, for programs");
}

function check(dir: string | undefined, options: CheckOptions, shell: Shell): void {
  const opened = openPolicyDirectory(dir, options.config, shell);
  const { reply, problems, warnings } = opened;
  const ok = reply.kind === "ok" && problems.length === 0;
  if (options.json === true) {
    shell.out(`${JSON.stringify({ ok, problems, warnings }, undefined, 2)}\n`);
  } else {
    showPolicyProblems(opened, shell);
    if (ok) shell.out(`${summary(opened)}\n`);
  }
  if (!ok) refusePolicies(opened);
}

function summary({ directory, sources, reply }: PolicyDirectory): string {
  if (reply.kind === "problems") return "";
  if (sources.length === 0) return `${directory} holds no policy files: everything is denied`;
  const { snapshot, tests } = reply;
  const counts = [
    counted(sources.length, "file"),
    counted(snapshot.ruleCount, "rule"),
    `${counted(tests.length, "test")} passed`,
  ];
  return `${counts.join(", ")}: digest ${snapshot.digest.slice(0, 12)}`;
}

function test(dir: string | undefined, options: CheckOptions, shell: Shell): void {
  const opened = openPolicyDirectory(dir, options.config, shell);
  const { reply, problems } = opened;
  const failed = reply.tests.filter((result) => result.kind === "failed").length;
  const ok = reply.kind === "ok" && problems.length === 0;
  if (options.json === true) {
    shell.out(`${JSON.stringify({ ok, tests: reply.tests, problems }, undefined, 2)}\n`);
  } else {
    for (const result of reply.tests) {
      if (result.kind === "failed" || options.verbose === true) shell.out(resultLines(result));
    }
    // Without results the files did not even load; then their problems say why.
    if (reply.tests.length === 0) showPolicyProblems(opened, shell);
    shell.out(`${reply.tests.length - failed} passed, ${failed} failed\n`);
  }
  if (failed > 0) throw new CommandFailure(EXIT.failure, `${counted(failed, "test")} failed`);
  if (!ok) refusePolicies(opened);
}

function resultLines(result: TestResult): string {
  const { file, line } = result.place;
  const where = `${file}:${line}`;
  if (result.kind === "passed") return `ok    ${where}  ${result.name}\n`;
  return `FAIL  ${where}  ${result.name}\n      ${result.message}\n      ${result.help}\n`;
}
