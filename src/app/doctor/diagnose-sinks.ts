/** What `sallyport doctor` says of the ledger's sinks. */
import { accessSync, constants } from "node:fs";
import { impossible } from "../../lib/impossible.ts";
import type { SinkAddress, SinkPlan } from "../../stores/ledger-sinks/sink-plan.ts";
import type { Finding } from "./diagnose.ts";
import { tryConnection } from "./try-connection.ts";

const NAME = "sink";

export async function diagnoseSink({ name, target }: SinkPlan): Promise<Finding> {
  const unreadable = "tokenFile" in target ? unreadableFile(target.tokenFile) : undefined;
  if (unreadable !== undefined) {
    const remedy = "correct token_file, or its owner and mode";
    return { name: NAME, state: "problem", detail: `${name}: ${unreadable}`, remedy };
  }
  const { host, port } = endpointOf(target) ?? {};
  if (host === undefined || port === undefined) {
    return { name: NAME, state: "ok", detail: `${name}: stdout`, remedy: undefined };
  }
  const why = await tryConnection(host, port);
  const detail = `${name}: ${host}:${port} ${why ?? "accepts connections"}`;
  if (why === undefined) return { name: NAME, state: "ok", detail, remedy: undefined };
  // What it does not take now waits in the segments.
  const remedy = "check `ledger.sinks`, the network and its egress rules";
  return { name: NAME, state: "warning", detail, remedy };
}

function unreadableFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch {
    return `${path} cannot be read`;
  }
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const POSTGRES_PORT = 5432;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

function endpointOf(target: SinkAddress): Endpoint | undefined {
  switch (target.kind) {
    case "stdout":
      return undefined;
    case "redis":
      return target.address.nodes[0];
    case "postgres":
      return endpointIn(target.url, POSTGRES_PORT);
    case "webhook":
    case "otlp":
      return endpointIn(target.url, target.url.startsWith("https:") ? HTTPS_PORT : HTTP_PORT);
    default:
      return impossible(target);
  }
}

function endpointIn(url: string, usual: number): Endpoint {
  const { hostname, port } = new URL(url);
  return { host: hostname.replaceAll(/^\[|\]$/gu, ""), port: Number(port) || usual };
}
