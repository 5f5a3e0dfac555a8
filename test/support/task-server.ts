/**
 * A server of the stateless era that makes one of its tools as a task only, by the Tasks extension:
 * `ask` wants to know a name before it goes on, and `quick` needs no task.
 *
 * @see https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

const VERSION = "2026-07-28";
const TASKS = "io.modelcontextprotocol/tasks";
const POLL_MS = 200;

type Json = Readonly<Record<string, unknown>>;

export interface TaskServer extends AsyncDisposable {
  readonly url: string;
  /** What was asked of it, in order. */
  readonly asked: readonly string[];
}

interface Kept {
  looks: number;
  name: string | undefined;
  cancelled: boolean;
}

export async function startTaskServer(): Promise<TaskServer> {
  const asked: string[] = [];
  const tasks = new Map<string, Kept>();
  const server = createServer((request, response) => {
    void bodyOf(request).then(({ id, method, params = {} }) => {
      asked.push(method);
      const { status, answer } = answerTo(method, params, tasks);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Asked {
  readonly id: unknown;
  readonly method: string;
  readonly params?: Json;
}

async function bodyOf(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return JSON.parse(text === "" ? "{}" : text) as Asked;
}

interface Answer {
  readonly status: number;
  readonly answer: { readonly result: Json } | { readonly error: Json };
}

const result = (more: Json): Answer => ({
  status: 200,
  answer: { result: { resultType: "complete", ...more } },
});
const error = (status: number, code: number, data?: Json): Answer => ({
  status,
  answer: { error: { code, message: `error ${code}`, ...(data && { data }) } },
});
const shown = (taskId: string, status: string): Json => ({
  taskId,
  status,
  createdAt: "2026-07-28T00:00:00Z",
  lastUpdatedAt: "2026-07-28T00:00:00Z",
  ttlMs: 60_000,
  pollIntervalMs: POLL_MS,
});

function answerTo(method: string, params: Json, tasks: Map<string, Kept>): Answer {
  switch (method) {
    case "server/discover":
      return result({
        supportedVersions: [VERSION],
        capabilities: { tools: {}, extensions: { [TASKS]: {} } },
        ttlMs: 0,
        cacheScope: "private",
      });
    case "tools/list":
      return result({
        tools: ["ask", "quick"].map((name) => ({
          name,
          description: `The ${name} tool.`,
          inputSchema: { type: "object" },
        })),
        ttlMs: 0,
        cacheScope: "private",
      });
    case "tools/call":
      return call(params, tasks);
    case "tasks/get":
    case "tasks/update":
    case "tasks/cancel": {
      const taskId = String(params["taskId"]);
      const kept = tasks.get(taskId);
      return kept === undefined ? error(200, -32602) : change(method, taskId, kept, params);
    }
    default:
      return error(404, -32601);
  }
}

function call(params: Json, tasks: Map<string, Kept>): Answer {
  if (params["name"] === "quick") return result({ content: [{ type: "text", text: "quick" }] });
  const meta = params["_meta"] as Readonly<Record<string, { extensions?: Json }>> | undefined;
  const { extensions } = meta?.["io.modelcontextprotocol/clientCapabilities"] ?? {};
  if (extensions?.[TASKS] === undefined) {
    return error(400, -32021, { requiredCapabilities: { extensions: { [TASKS]: {} } } });
  }
  const taskId = `native-${tasks.size + 1}`;
  tasks.set(taskId, { looks: 0, name: undefined, cancelled: false });
  return result({ resultType: "task", ...shown(taskId, "working") });
}

function change(method: string, taskId: string, kept: Kept, params: Json): Answer {
  if (method === "tasks/cancel") {
    kept.cancelled = true;
    return result({});
  }
  if (method === "tasks/update") {
    const { who } = (params["inputResponses"] ?? {}) as { who?: { content?: { name?: string } } };
    kept.name ??= who?.content?.name;
    return result({});
  }
  kept.looks += 1;
  if (kept.cancelled) return result(shown(taskId, "cancelled"));
  if (kept.looks === 1) return result(shown(taskId, "working"));
  if (kept.name === undefined) {
    const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
    const question = { method: "elicitation/create", params: { message: "Who?", requestedSchema } };
    return result({ ...shown(taskId, "input_required"), inputRequests: { who: question } });
  }
  const content = [{ type: "text", text: `Hello, ${kept.name}!` }];
  return result({ ...shown(taskId, "completed"), result: { content } });
}
