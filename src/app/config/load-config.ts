import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Problem } from "../../core/problem.ts";
import { messageOf, systemCodeOf } from "../../lib/caught.ts";
import { readUtf8File } from "../read-utf8-file.ts";
import { readConfigTree } from "./config-tree.ts";
import type { Config } from "./config.ts";
import { CONFIG_SCHEMA, type ConfigFile } from "./config-schema.ts";
import { readEnvironment, type Environment } from "./environment.ts";
import { isEffective, readShape, type Origins, type Reading } from "./read-shape.ts";
import { BUILT_IN, resolveConfig } from "./resolve-config.ts";
import { SAMPLE_POLICIES, sampleConfig } from "./sample-config.ts";
import { applySettings, type Setting } from "./settings.ts";

export const CONFIG_FILE_NAME = "sallyport.yaml";

export interface ConfigRequest {
  /** `--config`; wins over `SALLYPORT_CONFIG`, which wins over `./sallyport.yaml`. */
  readonly file: string | undefined;
  readonly flags: readonly Setting[];
  readonly environment: Environment;
  readonly workingDirectory: string;
}

export type ConfigReply =
  | {
      readonly kind: "config";
      readonly config: Config;
      /** The same in the words of the file, for `config show`. */
      readonly written: ConfigFile;
      readonly origins: Origins;
    }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** Flags over `SALLYPORT_*` over the file over defaults. Never throws; reports every problem. */
export function loadConfig(request: ConfigRequest): ConfigReply {
  const { environment, flags, workingDirectory } = request;
  const source = findFile(request);
  const parsed = source.kind === "text" ? readConfigTree(source.name, source.text) : source;
  const outside = readEnvironment(environment, (path) => readFileSync(path, "utf8"));
  if (parsed.kind === "problems") return problems([...parsed.problems, ...outside.problems]);

  const spoilt = new Set<string>();
  const reading: Reading = { problems: [...outside.problems], origins: new Map(), spoilt };
  const tree = applySettings(parsed.tree, [...outside.settings, ...flags]);
  const written = readShape(CONFIG_SCHEMA, tree, reading);
  if (!isEffective(CONFIG_SCHEMA, written)) return problems(reading.problems);

  const file = source.name === BUILT_IN ? undefined : source.name;
  const resolved = resolveConfig(written, reading, { file, workingDirectory });
  const found = [...reading.problems, ...resolved.problems];
  if (found.length > 0) return problems(found);
  return { kind: "config", config: resolved.config, written, origins: reading.origins };
}

type Source =
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  | { readonly kind: "problems"; readonly name: string; readonly problems: readonly Problem[] };

function findFile({ file, environment, workingDirectory }: ConfigRequest): Source {
  const asked = file ?? environment["SALLYPORT_CONFIG"];
  if (asked !== undefined || existsSync(join(workingDirectory, CONFIG_FILE_NAME))) {
    return readSource(asked ?? CONFIG_FILE_NAME, workingDirectory);
  }
  return { kind: "text", name: BUILT_IN, text: sampleConfig(environment, SAMPLE_POLICIES) };
}

function readSource(name: string, workingDirectory: string): Source {
  try {
    return { kind: "text", name, text: readUtf8File(resolve(workingDirectory, name)) };
  } catch (error) {
    const isMissing = systemCodeOf(error) === "ENOENT";
    const message = isMissing
      ? "there is no such config file"
      : `the config file cannot be read: ${messageOf(error)}`;
    const suggestion = isMissing ? "`sallyport init` writes one" : undefined;
    const problem = { file: name, line: 1, column: 1, message, suggestion };
    return { kind: "problems", name, problems: [problem] };
  }
}

/** In the order of the file, whichever check found them. */
function problems(found: readonly Problem[]): ConfigReply {
  const sorted = found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return { kind: "problems", problems: sorted };
}
