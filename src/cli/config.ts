/** `sallyport config`: every value in force and who set it, and the schema of the file. */
import { Command } from "commander";
import { CONFIG_SCHEMA } from "../app/config/config-schema.ts";
import { variableOf } from "../app/config/environment.ts";
import { showConfig } from "../app/config/show-config.ts";
import { loadFor, withConfigOptions } from "./config-options.ts";
import type { Shell } from "./shell.ts";

const SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema";

export function configCommand(shell: Shell): Command {
  const command = new Command("config");
  withConfigOptions(
    command
      .command("show")
      .description("print every value in force and who set it; secrets are masked")
      .option("--json", "print JSON, for programs")
      .addHelpText(
        "after",
        `\nAny value can be set from outside: ${variableOf("listen.port")}=4200`,
      ),
  ).action((options) => show(options, shell));
  command
    .command("schema")
    .description("print the JSON Schema of sallyport.yaml, for editors")
    .action(() => {
      const schema = { $schema: SCHEMA_ID, title: "sallyport.yaml", ...CONFIG_SCHEMA };
      shell.out(`${JSON.stringify(schema, undefined, 2)}\n`);
    });
  return command;
}

function show(options: Readonly<Record<string, unknown>>, shell: Shell): void {
  const { written, origins } = loadFor(options, shell);
  const values = showConfig(written, origins);
  if (options["json"] === true) {
    shell.out(`${JSON.stringify(values, undefined, 2)}\n`);
    return;
  }
  const width = Math.max(...values.map(({ path }) => path.length));
  const valueWidth = Math.min(40, Math.max(...values.map(({ value }) => text(value).length)));
  for (const { path, value, origin } of values) {
    shell.out(`${path.padEnd(width)}  ${text(value).padEnd(valueWidth)}  # ${origin}\n`);
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
