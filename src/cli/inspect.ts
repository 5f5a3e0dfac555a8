/** `sallyport inspect`: what the detectors find in a file, at a URL or on stdin. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { compilePolicies } from "../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { Surface } from "../core/inspect/inspection.ts";
import type { JsonValue } from "../core/json.ts";
import {
  inspectContent,
  inspectionsFor,
  type InspectedContent,
} from "../operations/inspect-content.ts";
import { DEFAULT_TENANT } from "../core/identity/tenant.ts";
import { messageOf } from "../lib/caught.ts";
import { CommandFailure } from "./command-failure.ts";
import { EXIT } from "./exit-code.ts";
import { openPolicyDirectory } from "./policy-directory.ts";
import type { Shell } from "./shell.ts";

interface InspectOptions {
  readonly on: string;
  readonly agent: string;
  readonly policies?: string;
  readonly json?: true;
}

const PACK = fileURLToPath(new URL("../../policies/packs/inspection.yaml", import.meta.url));
const SURFACES = ["request", "response", "tool_result"] as const satisfies readonly Surface[];
const FETCH_TIMEOUT_MS = 10_000;
const BYTES_MAX = 16_777_216;

/** Exit code 1: something would be blocked or redacted. */
export async function inspect(
  source: string,
  options: InspectOptions,
  shell: Shell,
): Promise<number> {
  const on = SURFACES.find((surface) => surface === options.on);
  if (on === undefined) {
    throw new CommandFailure(EXIT.usage, `--on ${options.on} is no surface`, SURFACES.join(", "));
  }
  const snapshot = snapshotOf(options.policies, shell);
  const content = parse(await read(source, shell));
  const who = { tenant: DEFAULT_TENANT, agent: options.agent };
  const seen = inspectContent(inspectionsFor(snapshot, who), on, content);
  shell.out(options.json === true ? `${JSON.stringify(seen, undefined, 2)}\n` : view(seen));
  return seen.verdict === "clean" || seen.verdict === "reported" ? EXIT.ok : EXIT.failure;
}

function snapshotOf(policies: string | undefined, shell: Shell): PolicySnapshot {
  const reply =
    policies === undefined
      ? compilePolicies([{ file: PACK, text: readFileSync(PACK, "utf8") }])
      : openPolicyDirectory(policies, undefined, shell).reply;
  if (reply.kind === "ok") return reply.snapshot;
  const help = "sallyport policy check shows them all";
  throw new CommandFailure(EXIT.usage, "the policies have problems", help);
}

async function read(source: string, shell: Shell): Promise<string> {
  const content = await readSource(source, shell);
  if (Buffer.byteLength(content) <= BYTES_MAX) return content;
  throw new CommandFailure(EXIT.unavailable, `${source} is larger than ${BYTES_MAX} bytes`);
}

async function readSource(source: string, shell: Shell): Promise<string> {
  try {
    if (source === "-") return await readAll(process.stdin);
    if (!/^https?:\/\//.test(source)) {
      return readFileSync(resolve(shell.workingDirectory, source), "utf8");
    }
    const response = await fetch(source, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    return await response.text();
  } catch (error) {
    const why = messageOf(error);
    throw new CommandFailure(EXIT.unavailable, `${source} cannot be read: ${why}`);
  }
}

function parse(content: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(content);
    return value;
  } catch {
    return content;
  }
}

function view({ verdict, findings }: InspectedContent): string {
  const lines = findings.map(({ action, score, detector, signature, part, start, end, says }) => {
    const place = `${part === "" ? "text" : part} ${start}–${end}`;
    return `${action.padEnd(7)} ${String(score).padStart(3)}  ${detector} (${signature}) at ${place}: ${says}`;
  });
  return [...lines, verdict.replace("_", " "), ""].join("\n");
}
