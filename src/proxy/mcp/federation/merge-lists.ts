/** One page of a list over all members: what each of them has, in the order of their names. */
import { Buffer } from "node:buffer";
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../../core/json.ts";
import type { McpMethod } from "../../../core/action-classes.ts";
import { isOpenTo, type Upstream } from "../../../core/upstream.ts";
import { setMemberAt } from "../../set-members.ts";
import { askMessages, type Asking } from "../era/answer-reader.ts";
import { requestOf, statelessRequest } from "../era/stateless-message.ts";
import { listShape } from "../narrow-list.ts";
import type { SentMessage } from "../mcp-interpretation.ts";
import type { McpRequest, McpServerSide } from "../transport/mcp-request.ts";
import { joinEntry, type Members } from "./namespace.ts";

/** A member that takes longer is left out of this page, and named. */
const LIST_WAIT_MS = 15_000;
const CURSOR_CHARS_MAX = 65_536;
const UNAVAILABLE_KEY = "io.sallyport/unavailable";

export interface ListAsk {
  readonly base: McpRequest;
  readonly method: McpMethod;
  readonly sent: SentMessage;
  readonly members: Members;
  readonly side: (upstream: Upstream) => McpServerSide;
}

export interface MergedList {
  /** Undefined: the cursor is none of ours. */
  readonly result: JsonObject | undefined;
}

type Page = { readonly result: JsonObject } | { readonly problem: string };

export async function mergeLists(ask: ListAsk, signal: AbortSignal): Promise<MergedList> {
  const { method, sent, members } = ask;
  const shape = listShape(method, {});
  if (shape === undefined || sent.message.kind !== "request") return { result: undefined };
  const cursor = sent.message.params?.["cursor"];
  const cursors = cursor === undefined ? undefined : readCursor(cursor);
  if (cursor !== undefined && cursors === undefined) return { result: undefined };
  const { tenant } = ask.base.principal;
  const wanted = [...members.values()].filter(
    (upstream) =>
      isOpenTo(upstream, tenant) &&
      (cursors === undefined || Object.hasOwn(cursors, upstream.name)),
  );
  const pages = await Promise.all(
    wanted.map(async (upstream) => {
      return [upstream, await pageOf(ask, upstream, cursors?.[upstream.name], signal)] as const;
    }),
  );
  const entries: JsonValue[] = [];
  const next: Record<string, JsonValue> = {};
  const unavailable: Record<string, JsonValue> = {};
  for (const [{ name }, page] of pages) {
    if ("problem" in page) {
      unavailable[name] = page.problem;
      continue;
    }
    const list = page.result[shape.member];
    if (isJsonArray(list)) entries.push(...list.map((entry) => joinEntry(name, entry)));
    const more = page.result["nextCursor"];
    if (typeof more === "string") next[name] = more;
  }
  const incomplete = Object.keys(unavailable).length > 0;
  return {
    result: {
      resultType: "complete",
      [shape.member]: entries,
      ...(Object.keys(next).length > 0 && { nextCursor: writeCursor(next) }),
      ttlMs: 0,
      cacheScope: "private",
      ...(incomplete && { _meta: { [UNAVAILABLE_KEY]: unavailable } }),
    },
  };
}

function pageOf(
  { base, method, sent, side }: ListAsk,
  upstream: Upstream,
  cursor: JsonValue | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const request = statelessRequest(base, method, requestOf(withCursor(sent, cursor)));
  return new Promise((resolve) => {
    let asking: Asking | undefined;
    const settle = (page: Page): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", leave);
      resolve(page);
    };
    const leave = (): void => {
      settle({ problem: "it took too long" });
      asking?.abort();
    };
    const late = setTimeout(leave, LIST_WAIT_MS);
    signal.addEventListener("abort", leave, { once: true });
    asking = askMessages(side(upstream), request, {
      message: (message) => {
        if (message.kind !== "response") return;
        const { result, error } = message;
        const said = error?.["message"];
        if (result !== undefined) settle({ result });
        // A server without prompts says that it does not know the method.
        else if (error?.["code"] === -32601) settle({ result: {} });
        else settle({ problem: typeof said === "string" ? said : "it failed" });
      },
      ended: (error) => settle({ problem: error?.message ?? "it gave no answer" }),
    });
  });
}

function withCursor({ text, message }: SentMessage, cursor: JsonValue | undefined): string {
  if (typeof cursor !== "string") return text;
  return setMemberAt(text, message.json, ["params", "cursor"], JSON.stringify(cursor));
}

/** A page for each member that has more; nothing in it is trusted, because members check their own. */
function writeCursor(next: JsonObject): string {
  return Buffer.from(JSON.stringify(next)).toString("base64url");
}

function readCursor(cursor: JsonValue): JsonObject | undefined {
  if (typeof cursor !== "string" || cursor.length > CURSOR_CHARS_MAX) return undefined;
  try {
    const read: JsonValue = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return isJsonObject(read) ? read : undefined;
  } catch {
    return undefined;
  }
}
