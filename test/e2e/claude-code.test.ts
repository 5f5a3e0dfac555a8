/**
 * Claude Code as it is, where it is installed: its model and its MCP servers behind the gate, over
 * every way that it knows. It is a quarter of a gigabyte, so it is no dependency: the test takes
 * `claude` from `CLAUDE_CODE` or from PATH (`npm install -g @anthropic-ai/claude-code`).
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  runSallyport,
  startSallyport,
  type SallyportProcess,
} from "../support/sallyport-process.ts";
import { startServerEverything, type ServerEverything } from "../support/server-everything.ts";
import {
  startToolCallingModel,
  type ToolCallingModel,
  type ToolUse,
} from "../support/tool-calling-model.ts";
import { said, startToolServer, type ToolServer } from "../support/tool-server.ts";

const CLAUDE = process.env["CLAUDE_CODE"] ?? "claude";
const isInstalled = spawnSync(CLAUDE, ["--version"]).status === 0;
const PROGRAM = fileURLToPath(new URL("../../src/sallyport.js", import.meta.url));

describe.skipIf(!isInstalled)("Claude Code", { timeout: 120_000 }, () => {
  let home: string;
  let model: ToolCallingModel;
  let sessions: ServerEverything;
  let stateless: ToolServer;
  let gate: SallyportProcess;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "sallyport-claude-"));
    model = await startToolCallingModel();
    sessions = await startServerEverything();
    stateless = await startToolServer({ look: () => said("12 knots"), pay: () => said("paid") });
    gate = await startSallyport({
      config: `
agents: [{ name: coder }]
identity: { loopback_agent: coder }
upstreams:
  - { name: anthropic, wire: anthropic, url: "${model.url}", allow_private: true }
  - { name: old, wire: mcp, url: "${sessions.url}", allow_private: true }
  - { name: new, wire: mcp, url: "${stateless.url}", allow_private: true }
`,
      policies: {
        "coder.yaml": `
version: 1
agents: [coder]
budgets: { day: { limit: 50 USD, per: agent, window: day } }
rules:
  - { id: models, llm: { models: ["claude-*"] }, effect: allow, charge: day }
  - { id: tools, tools: ["old.*", new.look], effect: allow }
  - { id: pay, tools: [new.pay], effect: approve }
inspect:
  - { id: orders, on: [tool_result], find: [injection], at: high, do: block }
`,
      },
    });
  });

  afterAll(async () => {
    await gate?.[Symbol.asyncDispose]();
    await stateless?.[Symbol.asyncDispose]();
    await sessions?.[Symbol.asyncDispose]();
    await model?.[Symbol.asyncDispose]();
    rmSync(home, { recursive: true, force: true });
  });

  /** What it says at the end, which is what its model heard from the tools. */
  async function run(
    mcpServers: object,
    uses: readonly ToolUse[],
    before: readonly string[] = [],
  ): Promise<string> {
    model.plan(uses);
    const servers = ["--mcp-config", JSON.stringify({ mcpServers }), "--strict-mcp-config"];
    const rights = uses.flatMap(({ name }) => ["--allowedTools", name]);
    const [program, ...args] = [...before, CLAUDE];
    const child = spawn(program, [...args, "-p", "use the tools", ...servers, ...rights], {
      cwd: home,
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        ANTHROPIC_BASE_URL: `${gate.url}/anthropic`,
        ANTHROPIC_API_KEY: "stripped by the gate",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        ENABLE_TOOL_SEARCH: "false",
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    return text(child.stdout);
  }

  const http = (path: string): object => ({ type: "http", url: gate.url + path });
  const echo = (server: string, name = "echo"): ToolUse => ({
    name: `mcp__${server}__${name}`,
    input: { message: "ahoy" },
  });
  const look = (server: string, name = "look"): ToolUse => ({
    name: `mcp__${server}__${name}`,
    input: {},
  });

  it("calls tools of servers of both eras, one by one and all at once", async () => {
    const one = { old: http("/mcp/old"), new: http("/mcp/new") };
    const heard = await run({ ...one, all: http("/mcp") }, [
      echo("old"),
      look("new"),
      look("all", "new_look"),
    ]);
    expect(heard).toContain("Echo: ahoy");
    expect(heard.match(/12 knots/g)).toHaveLength(2);
  });

  it("calls them over the event streams of 2024 and over a pipe", async () => {
    const pipe = [PROGRAM, "mcp", "new", "--config", gate.configFile];
    const heard = await run(
      {
        old: { type: "sse", url: `${gate.url}/mcp/old/sse` },
        new: { command: process.execPath, args: pipe },
      },
      [echo("old"), look("new")],
    );
    expect(heard).toContain("Echo: ahoy");
    expect(heard).toContain("12 knots");
  });

  it("needs no address and no key below `sallyport run`", async () => {
    const before = [process.execPath, PROGRAM, "run", "--config", gate.configFile, "--"];
    const url = "${SALLYPORT_MCP_OLD_URL}";
    const headers = { "x-sallyport-key": "${SALLYPORT_KEY}" };
    const heard = await run({ old: { type: "http", url, headers } }, [echo("old")], before);
    expect(heard).toContain("Echo: ahoy");
  });

  it("waits for a person, and has the tool's answer once there was a yes", async () => {
    const answer = run({ new: http("/mcp/new") }, [look("new", "pay")]);
    const pending = async (): Promise<string> =>
      (await runSallyport(["reviews", "list", "--config", gate.configFile])).output;
    await expect.poll(pending, { timeout: 60_000 }).toMatch(/rev_\w+ +pending/);
    const review = /rev_\w+/.exec(await pending())?.[0] ?? "";
    await runSallyport(["reviews", "approve", review, "--config", gate.configFile]);
    expect(await answer).toContain("paid");
  });
});
