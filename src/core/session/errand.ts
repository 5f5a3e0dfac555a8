/**
 * What a call is for, as far as its kind and its name tell. Three hundred files read in two minutes
 * are a day's work; three hundred mails sent are not.
 */
import type { Action } from "../action.ts";

/**
 * `asks`: a model, or how something stands, which is asked until it is over; `reads`; `works`: on
 * files and tests, again and again; `acts`: everything else, which may reach others.
 */
export type Errand = "asks" | "reads" | "works" | "acts";

/** Of a tool's words, the first that stands here decides. */
const WORDS: Readonly<Record<Errand, string>> = {
  asks: "status state poll wait progress health ping heartbeat",
  reads:
    "read get list search find grep glob describe fetch view show lookup query cat ls head tail " +
    "tree open count stat diff blame browse inspect check validate history graphql",
  works:
    "edit write patch replace format lint test tests build compile bash shell terminal command run " +
    "exec execute npm git think plan todo",
  acts:
    "send delete remove drop destroy pay transfer publish deploy grant revoke wipe purge purchase " +
    "withdraw push merge upload invite share reply approve set update create add put insert change " +
    "modify start stop cancel trigger post comment notify announce tell say ask",
};

const ERRANDS: ReadonlyMap<string, Errand> = new Map(
  (["asks", "reads", "works", "acts"] as const).flatMap((errand) =>
    WORDS[errand].split(" ").map((word) => [word, errand] as const),
  ),
);

/** `get_or_create`: its first word is not all of it. */
const JOINED = new Set(["and", "or", "then"]);

export function errandOf(action: Action): Errand {
  if (action.kind === "tool") return errandOfTool(action.tool);
  return action.kind === "http" ? errandOfHttp(action.method, action.path) : "asks";
}

/** What is asked for in a body: GraphQL, searches, the objects of a repository. */
const ASKED_BY_POST = /(?:^|[/_:-])(?:graphql|search|query|lookup|git-upload-pack)$/i;

/** A job is polled by looking at the same address again. */
function errandOfHttp(method: string, path: string): Errand {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return "asks";
  return method === "POST" && ASKED_BY_POST.test(path) ? "reads" : "acts";
}

function errandOfTool(tool: string): Errand {
  const words = tool
    .replaceAll(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z]+/);
  const said = words.flatMap((word) => ERRANDS.get(word) ?? []);
  const [first = "acts"] = said;
  if (first === "acts" || words.some((word) => JOINED.has(word))) return "acts";
  // `git_push`, `run_deploy`; but `list_merge_requests` only lists.
  if (first === "works" && said.includes("acts")) return "acts";
  return said.includes("asks") ? "asks" : first;
}
