import { id, millis } from "../../core/units.ts";
import type { EnvironmentEntry, ProcessTransport } from "../../core/upstream.ts";
import { nameOfSecret } from "./name-of-secret.ts";
import type { Complain } from "./resolve-upstream.ts";
import type { UpstreamEntry } from "./upstream-schema.ts";

type Stdio = NonNullable<UpstreamEntry["stdio"]>;

/** `stdio:` of an upstream. Relative paths begin beside the file, as everywhere. */
export function resolveProcess(
  stdio: Stdio,
  inFile: (path: string) => string,
  complain: Complain,
): ProcessTransport {
  const [command = "", ...args] = stdio.command;
  if (command === "") {
    complain("stdio.command", "no program", "for example [npx, -y, some-mcp-server]");
  }
  const named = new Set<string>();
  const environment = stdio.env.map((entry, index): EnvironmentEntry => {
    const { name, value, ref } = entry;
    const at = `stdio.env[${index}]`;
    if (named.has(name)) complain(`${at}.name`, `\`${name}\` is set twice`);
    named.add(name);
    if ((value === undefined) === (ref === undefined)) {
      complain(at, "either `value` or `ref`", "ref: vault://name");
    }
    return ref === undefined
      ? { kind: "plain", name, value: value ?? "" }
      : { kind: "secret", name, credential: bound(name, ref) };
  });
  return {
    kind: "stdio",
    command: command.includes("/") ? inFile(command) : command,
    args,
    directory: stdio.cwd === undefined ? undefined : inFile(stdio.cwd),
    environment,
    processesMax: stdio.processes_max,
    idle: millis(stdio.idle_ms),
  };
}

/** The variable takes the header's place in what a vault secret is bound to. */
function bound(
  name: string,
  ref: string,
): Extract<EnvironmentEntry, { kind: "secret" }>["credential"] {
  return {
    ref,
    name: id(nameOfSecret(ref)),
    header: name.toLowerCase(),
    format: "{}",
    paths: [],
    methods: [],
  };
}
