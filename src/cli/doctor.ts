import type { Config } from "../app/config/config.ts";
import { diagnose, type Finding } from "../app/doctor/diagnose.ts";
import { loadFor } from "./config-options.ts";
import { EXIT } from "./exit-code.ts";
import type { Shell } from "./shell.ts";

const MARKS = { ok: "ok  ", warning: "warn", problem: "FAIL" } as const;

/** Looks at everything a start needs, and says what to do about what is wrong. */
export async function doctor(
  options: Readonly<Record<string, unknown>>,
  shell: Shell,
): Promise<number> {
  const config: Config = loadFor(options, shell).config;
  const findings = await diagnose(config, shell.environment);
  if (options["json"] === true) shell.out(`${JSON.stringify(findings, undefined, 2)}\n`);
  else for (const finding of findings) shell.out(lineOf(finding));
  return findings.some(({ state }) => state === "problem") ? EXIT.failure : EXIT.ok;
}

function lineOf({ name, state, detail, remedy }: Finding): string {
  const line = `${MARKS[state]}  ${name.padEnd(12)} ${detail}\n`;
  return remedy === undefined ? line : `${line}                    → ${remedy}\n`;
}
