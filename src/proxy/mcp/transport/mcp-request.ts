import type { Dispatcher } from "undici";
import type { Principal } from "../../../core/principal.ts";
import type { Presented } from "../../../pipeline/ask.ts";
import { FIRST_STATELESS } from "../protocol-era.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import type { Question } from "../question.ts";

/** One HTTP request of Streamable HTTP, as the ways to MCP servers pass it among themselves. */
export interface McpRequest {
  readonly verb: "POST" | "GET" | "DELETE";
  /** Flat `name, value, …`, the credential included. */
  readonly headers: string[];
  /** Undefined for GET and DELETE. */
  readonly sent: SentMessage | undefined;
  readonly question: Question;
  readonly principal: Principal;
  /** How the agent showed who it is, where this request becomes exchanges of its own. */
  readonly presented?: Presented | undefined;
  /** A call of a tool that a server of the 2025 era makes as a task only. */
  readonly isTaskOnly?: boolean;
}

/** Something that answers as an MCP server over Streamable HTTP would. */
export interface McpServerSide {
  ask(request: McpRequest, handler: Dispatcher.DispatchHandler): void;
  close(): Promise<void>;
}

export function headerOf(flat: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < flat.length; i += 2) if (flat[i] === name) return flat[i + 1];
  return undefined;
}

/** `flat` without these names (lower case), and with others in their place. */
export function withHeaders(
  flat: readonly string[],
  set: Readonly<Record<string, string | undefined>>,
): string[] {
  const changed: string[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? "";
    if (!Object.hasOwn(set, name)) changed.push(name, flat[i + 1] ?? "");
  }
  for (const name in set) {
    const value = set[name];
    if (value !== undefined) changed.push(name, value);
  }
  return changed;
}

/** Whether it is of the era that knows no sessions. */
export function isStateless({ question, headers }: McpRequest): boolean {
  if (question.kind === "request") return question.era === "2026";
  const version = headerOf(headers, "mcp-protocol-version");
  return version !== undefined && version >= FIRST_STATELESS;
}

/** Whose sessions and links are shared: an agent sees nothing of another's. */
export function ownerOf({ tenant, agent }: Principal): string {
  return `${tenant}/${agent}`;
}
