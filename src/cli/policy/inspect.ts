/** `sallyport inspect`: what the detectors find in a file, at a URL or on stdin. */
import { createReadStream, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { compilePolicies } from "../../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../../core/policy/policy-snapshot.ts";
import type { Surface } from "../../core/inspect/inspection.ts";
import type { JsonValue } from "../../core/json.ts";
import {
  inspectContent,
  inspectionsFor,
  type InspectedContent,
} from "../../operations/inspect-content.ts";
import { looksBinary } from "../../pipeline/is-binary.ts";
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import { messageOf } from "../../lib/caught.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-code.ts";
import { loadFor } from "../config-options.ts";
import { openPolicyDirectory } from "./policy-directory.ts";
import { refusePolicies, showPolicyProblems } from "./policy-problems.ts";
import type { Shell } from "../shell.ts";

interface InspectOptions {
  readonly on: string;
  readonly agent?: string;
  readonly policies?: string;
  readonly config?: string;
  readonly json?: true;
}

const PACK = fileURLToPath(new URL("../../../policies/packs/inspection.yaml", import.meta.url));
const SURFACES = ["request", "response", "tool_result"] as const satisfies readonly Surface[];
const ANYBODY = "anybody";
const FETCH_TIMEOUT_MS = 10_000;
const BYTES_MAX = 16_777_216;

/** Exit code 1: something would be blocked or redacted, or not all was looked at. */
export async function inspect(
  source: string,
  options: InspectOptions,
  shell: Shell,
): Promise<number> {
  const on = SURFACES.find((surface) => surface === options.on);
  if (on === undefined) {
    throw new CommandFailure(EXIT.usage, `--on ${options.on} is no surface`, SURFACES.join(", "));
  }
  const snapshot = snapshotOf(options, shell);
  const content = contentOf(await read(source, shell));
  const agent = agentOf(options, shell);
  const who = { tenant: DEFAULT_TENANT, agent };
  if (content === undefined) {
    shell.err(`${source} is not text: nothing in it was looked at\n`);
    return show(UNSCANNED, options, shell);
  }
  const seen = inspectContent(inspectionsFor(snapshot, who), on, content);
  if (seen.verdict === "not_asked") {
    shell.err(`no inspect entry of these policies applies to ${agent} on ${on}\n`);
  }
  return show(seen, options, shell);
}

const UNSCANNED: InspectedContent = { verdict: "unscanned", findings: [], redacted: undefined };

function show(seen: InspectedContent, { json }: InspectOptions, shell: Shell): number {
  shell.out(json === true ? `${JSON.stringify(seen, undefined, 2)}\n` : view(seen));
  return seen.verdict === "clean" || seen.verdict === "reported" ? EXIT.ok : EXIT.failure;
}

function snapshotOf({ policies, config }: InspectOptions, shell: Shell): PolicySnapshot {
  if (policies === undefined && config === undefined) return snapshotOfPack();
  const opened = openPolicyDirectory(policies, config, shell);
  const { reply, problems } = opened;
  if (reply.kind === "ok" && problems.length === 0) return reply.snapshot;
  showPolicyProblems(opened, shell);
  return refusePolicies(opened);
}

function snapshotOfPack(): PolicySnapshot {
  const reply = compilePolicies([{ file: PACK, text: readFileSync(PACK, "utf8") }]);
  if (reply.kind === "ok") return reply.snapshot;
  throw new Error("the pack `inspection` has problems");
}

function agentOf({ agent, config }: InspectOptions, shell: Shell): string {
  if (agent !== undefined || config === undefined) return agent ?? ANYBODY;
  return loadFor({ config }, shell).config.loopbackAgent ?? ANYBODY;
}

async function read(source: string, shell: Shell): Promise<Uint8Array> {
  try {
    const content = await readSource(source, shell);
    if (content !== undefined) return content;
  } catch (error) {
    const why = messageOf(error);
    throw new CommandFailure(EXIT.unavailable, `${source} cannot be read: ${why}`);
  }
  throw new CommandFailure(EXIT.unavailable, `${source} is larger than ${BYTES_MAX} bytes`);
}

async function readSource(source: string, shell: Shell): Promise<Uint8Array | undefined> {
  if (source === "-") return readUpTo(BYTES_MAX, process.stdin);
  if (!/^https?:\/\//.test(source)) {
    return readUpTo(BYTES_MAX, createReadStream(resolve(shell.workingDirectory, source)));
  }
  const response = await fetch(source, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  // What an error page says tells nothing about what was asked for.
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  return response.body === null ? new Uint8Array(0) : readUpTo(BYTES_MAX, response.body);
}

/** Undefined: there is more. */
async function readUpTo(
  bytesMax: number,
  source: AsyncIterable<unknown>,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** JSON that readers could read differently is looked at as text; undefined: it is no text. */
function contentOf(bytes: Uint8Array): JsonValue | undefined {
  const marked = charsetOfMark(bytes);
  if (marked === undefined && looksBinary(bytes)) return undefined;
  const text = new TextDecoder(marked).decode(bytes);
  const reading = parseStrictJsonText(text);
  return reading.kind === "problem" ? text : reading.value;
}

function charsetOfMark([first, second]: Uint8Array): "utf-16le" | "utf-16be" | undefined {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

function view({ verdict, findings }: InspectedContent): string {
  const lines = findings.map(({ action, score, detector, signature, part, start, end, says }) => {
    const place = `${part === "" ? "text" : part} ${start}–${end}`;
    return `${action.padEnd(7)} ${String(score).padStart(3)}  ${detector} (${signature}) at ${place}: ${says}`;
  });
  return [...lines, verdict.replace("_", " "), ""].join("\n");
}
