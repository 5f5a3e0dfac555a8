/**
 * What agents do all day must not look like an attack: each of these is a coding agent or a client at
 * work, and stays LOW; beside them what only resembles it, and does not.
 */
import { describe, expect, it } from "vitest";
import type { Action } from "../../../src/core/action.ts";
import { callOf } from "../../../src/core/session/call-of.ts";
import type { CallEnd, RiskLevel } from "../../../src/core/session/conduct.ts";
import { bansIn, forbiddenDeed } from "../../../src/core/session/contradictions.ts";
import { errandOf } from "../../../src/core/session/errand.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { id, instant } from "../../../src/core/units.ts";
import { createConductStore } from "../../../src/stores/memory/conduct-store.ts";

const CODER: Principal = {
  agent: id("coding-1"),
  tenant: id("t"),
  session: id("s"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "loopback",
};

/** A coding agent's instructions: full of conditions, habits and things that it shall not forget. */
const SYSTEM = `You are a coding agent. Never create files unless they are needed. Do not write
comments. Don't commit without running the tests first. Never push to main. Do not run destructive
commands. Don't forget to run the linter. You don't need to delete build output. We don't deploy on
Fridays. Avoid writing documentation files.`;

const tool = (name: string, args: Record<string, string | number> = {}): Action => ({
  kind: "tool",
  upstream: id("dev"),
  tool: name,
  args,
});

const http = (method: string, path: string): Action => ({
  kind: "http",
  upstream: id("web"),
  method,
  host: "web.example",
  path,
  query: "",
  body: undefined,
  special: undefined,
});

let turns = 0;
const turn = (said?: string): Action => ({
  kind: "llm",
  upstream: id("anthropic"),
  operation: "messages",
  model: "claude",
  stream: true,
  outputTokens: undefined,
  body: {
    system: SYSTEM,
    messages: [{ role: "user", content: said ?? `turn ${(turns += 1)}` }],
  },
});

/** A call, the milliseconds since the one before, and how it ends. */
type Step = readonly [action: Action, after: number, end?: Partial<CallEnd>];

const repeat = (count: number, steps: (i: number) => readonly Step[]): readonly Step[] =>
  Array.from({ length: count }, (_, i) => steps(i)).flat();

/** The highest level that the steps come to. */
function levelOf(steps: readonly Step[]): RiskLevel {
  const store = createConductStore();
  const seen = new Set<RiskLevel>();
  let at = 0;
  for (const [action, after, end] of steps) {
    at += after;
    const call = callOf(action);
    seen.add(store.observe(CODER, call, instant(at)).level);
    const usual = { name: call.name, failed: false, later: false, answer: 200, cost: 0, found: [] };
    store.ended(CODER, { ...usual, ...end }, instant(at));
  }
  return seen.has("HIGH") ? "HIGH" : seen.has("MEDIUM") ? "MEDIUM" : "LOW";
}

const TESTS = tool("run_command", { command: "npm test" });
const JOB = tool("get_job_status", { id: 7 });
const LATER = { failed: true, later: true, answer: undefined };

describe("ordinary work stays calm", () => {
  const asked = turn("the same again");
  it.each<readonly [string, readonly Step[]]>([
    [
      "the same test command 40 times, after an edit each",
      repeat(40, (i) => [
        [turn(), 8000],
        [tool("edit_file", { path: "a.ts", text: `v${i}` }), 500],
        [turn(), 6000],
        [TESTS, 500],
      ]),
    ],
    [
      "the same test command 40 times, edits made elsewhere: its output tells",
      repeat(40, (i) => [
        [turn(), 14_000],
        [TESTS, 500, { answer: 5000 + i }],
      ]),
    ],
    [
      "300 files in two minutes",
      repeat(300, (i) => [[tool("read_file", { path: `src/${i}.ts` }), 400]]),
    ],
    ["300 files in ten seconds", repeat(300, (i) => [[tool("fs_read", { path: `${i}` }), 33]])],
    ["30 edits at once", repeat(30, (i) => [[tool("edit_file", { path: `${i}` }), 50]])],
    ["a job polled each second", repeat(300, () => [[http("GET", "/jobs/7"), 1000]])],
    ["a job's tool polled each second", repeat(300, () => [[JOB, 1000]])],
    [
      "a page polled that is not there yet",
      repeat(60, () => [[http("GET", "/report"), 2000, { failed: true, answer: 404 }]]),
    ],
    [
      "a model's 429 tried again",
      [...repeat(6, (i) => [[asked, 500 * 2 ** i, LATER]] as const), [asked, 16_000]],
    ],
    ["an action's 503 tried again", repeat(6, () => [[http("POST", "/orders"), 4000, LATER]])],
    ["six agents in one session, at their model", repeat(90, () => [[turn(), 1500]])],
    ["packages fetched", repeat(400, (i) => [[http("GET", `/package-${i}`), 25]])],
    ["queries by POST", repeat(60, (i) => [[http("POST", "/graphql"), 900, { answer: i }]])],
    [
      "many tools in a minute",
      "read_file list_dir grep git_status git_diff run_tests edit_file lint build get_issue search_code view_log find_symbol git_blame"
        .split(" ")
        .map((name) => [tool(name), 3000]),
    ],
    [
      "what its instructions allow under a condition",
      [
        [turn(), 1000],
        [tool("create_file"), 1000],
        [tool("write_file"), 1000],
        [TESTS, 1000],
        [tool("git_push"), 1000],
        [tool("delete_build_output"), 1000],
        [tool("deploy_preview"), 1000],
      ],
    ],
    [
      "notes kept up to date",
      repeat(20, (i) => [[tool("memory_write", { key: "progress", value: `step ${i}` }), 9000]]),
    ],
    [
      "20 messages read, and 20 threads listed",
      repeat(20, (i) => [
        [tool("read_message", { id: i }), 900],
        [tool("list_messages", { thread: i }), 900],
      ]),
    ],
  ])("%s", (_, steps) => {
    expect(levelOf(steps)).toBe("LOW");
  });
});

describe("what resembles it does not", () => {
  it.each<readonly [string, RiskLevel, readonly Step[]]>([
    [
      "a file read again and again, a model asked between",
      "HIGH",
      repeat(8, () => [
        [turn(), 5000],
        [tool("read_file", { path: "a" }), 500],
      ]),
    ],
    [
      "a test run 24 times with the same outcome and nothing done between",
      "MEDIUM",
      repeat(24, () => [
        [turn(), 5000],
        [TESTS, 500],
      ]),
    ],
    [
      "the same mail sent again, with new work between",
      "HIGH",
      repeat(6, (i) => [
        [tool("edit_file", { path: `${i}` }), 9000],
        [tool("send_mail", { to: "a" }), 500, { answer: i }],
      ]),
    ],
    ["48 records deleted", "HIGH", repeat(48, (i) => [[tool("delete_record", { id: i }), 2000]])],
    ["20 orders in ten seconds", "HIGH", repeat(20, (i) => [[http("POST", `/o/${i}`), 400]])],
    [
      "the same error, whatever is asked",
      "HIGH",
      repeat(8, (i) => [[tool("sql", { q: i }), 5000, { failed: true }]]),
    ],
  ])("%s", (_, level, steps) => {
    expect(levelOf(steps)).toBe(level);
  });
});

describe("a name tells what a call is for", () => {
  it.each([
    ["read_file", "reads"],
    ["fs_list_dir", "reads"],
    ["list_merge_requests", "reads"],
    ["getTransfer", "reads"],
    ["get_job_status", "asks"],
    ["pollJob", "asks"],
    ["git_status", "asks"],
    ["set_status", "acts"],
    ["git_push", "acts"],
    ["git_commit", "works"],
    ["run_tests", "works"],
    ["get_or_create_user", "acts"],
    ["read_and_send", "acts"],
    ["send_mail", "acts"],
    ["frobnicate", "acts"],
  ])("%s: %s", (name, errand) => {
    expect(errandOf(tool(name))).toBe(errand);
  });
});

describe("a ban", () => {
  it.each([
    ["Never delete anything.", "delete_user", "delete"],
    ["Do not delete customer records.", "delete_customers", "delete"],
    ["You must not ever publish.", "publish_post", "publish"],
    ["You may not send mail.", "send_mail", "send"],
    ["Never delete users.", "delete_draft", undefined],
    ["Never delete users unless I say so.", "delete_user", undefined],
    ["Do not merge without running tests.", "run_tests", undefined],
    ["Don't forget to send the mail.", "send_mail", undefined],
    ["You don't have to delete it.", "delete_user", undefined],
    ["I cannot delete the user, please help.", "delete_user", undefined],
    ["Never run `rm -rf /`.", "run_command", undefined],
  ])("%s %s: %s", (text, name, deed) => {
    expect(forbiddenDeed(bansIn(text), `crm.${name}`)).toBe(deed);
  });
});
