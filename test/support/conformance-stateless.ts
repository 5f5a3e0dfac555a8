/** The conformance fixture in the era without sessions, on the SDK's 2.x line. */
import { setTimeout } from "node:timers/promises";
import {
  createRequestStateCodec,
  fromJsonSchema,
  inputRequired,
  McpServer,
  ResourceTemplate,
  type CallToolResult,
  type InputRequiredResult,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { randomBytes } from "node:crypto";
import {
  CONTENT,
  ERROR_TEXT,
  PROMPTS,
  QUESTIONS,
  resourceAt,
  SCHEMA_2020_12,
} from "./conformance-content.ts";

type Answer = CallToolResult | InputRequiredResult;
type Run = (
  context: ServerContext,
  args: Readonly<Record<string, unknown>>,
) => Answer | Promise<Answer>;

const STATES = createRequestStateCodec<string>({ key: randomBytes(32) });
const ask = inputRequired.elicit(QUESTIONS.name as never);
const confirm = inputRequired.elicit({
  message: "Sure?",
  requestedSchema: { type: "object", properties: { confirm: { type: "boolean" } } },
});
const sample = inputRequired.createMessage({
  messages: [{ role: "user", content: { type: "text", text: "Capital of France?" } }],
  maxTokens: 100,
});

/** What tells listeners that a list changed. */
export interface Announcer {
  readonly tools: () => void;
  readonly prompts: () => void;
}

export function createStatelessFixture(announce: Announcer): McpServer {
  const server = new McpServer(
    { name: "conformance", version: "1.0.0" },
    {
      capabilities: { tools: {}, prompts: {}, resources: {}, logging: {}, completions: {} },
      requestState: { verify: (state, context) => STATES.verify(state, context) },
    },
  );
  const add = (name: string, run: Run, schema: object = NO_ARGUMENTS): unknown =>
    server.registerTool(
      name,
      {
        description: `The suite's ${name}.`,
        inputSchema: fromJsonSchema<Record<string, unknown>>(schema as never),
      },
      (args, context) => run(context, args),
    );
  for (const [name, content] of Object.entries(CONTENT)) add(name, () => ({ content }));
  addTools(add);
  add("test_trigger_tool_change", () => changed(announce.tools));
  add("test_trigger_prompt_change", () => changed(announce.prompts));
  addQuestions(add);
  addLongTools(add);
  addPrompts(server);
  addResources(server);
  server.server.setRequestHandler("completion/complete", () => ({
    completion: { values: ["paris"] },
  }));
  return server;
}

type Add = (name: string, run: Run, schema?: object) => unknown;

const NO_ARGUMENTS = { type: "object", properties: {} };
const textOf = (properties: Readonly<Record<string, object>>): object => ({
  type: "object",
  properties,
});

function addTools(add: Add): void {
  add("test_error_handling", () => ({ ...said(ERROR_TEXT), isError: true }));
  add("json_schema_2020_12_tool", () => said("fits"), SCHEMA_2020_12);
  add("test_tool_with_progress", async ({ mcpReq }) => {
    const { progressToken } = mcpReq._meta ?? {};
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      const params = { progressToken: progressToken ?? 0, progress, total: 100 };
      await mcpReq.notify({ method: "notifications/progress", params });
    }
    return said("done");
  });
  add("test_logging_tool", async ({ mcpReq }) => {
    await mcpReq.log("info", "logged");
    return said("logged");
  });
  add("test_missing_capability", () => said("sampled"));
  const header = { region: { type: "string", "x-mcp-header": "Region" } };
  add("test_custom_header", (_, { region }) => said(String(region)), {
    ...textOf(header),
    required: ["region"],
  });
}

function addQuestions(add: Add): void {
  const asking = (name: string, key: string, question: typeof ask): unknown =>
    add(name, ({ mcpReq }) => {
      const answer = mcpReq.inputResponses?.[key];
      if (answer === undefined) return inputRequired({ inputRequests: { [key]: question } });
      return said(JSON.stringify(answer));
    });
  asking("test_input_required_result_elicitation", "user_name", ask);
  asking("test_streaming_elicitation", "user_name", ask);
  asking("test_input_required_result_list_roots", "client_roots", inputRequired.listRoots());
  asking("test_input_required_result_sampling", "capital_question", sample);
  for (const kind of ["request_state", "tampered_state"]) {
    add(`test_input_required_result_${kind}`, async ({ mcpReq }) => {
      if (mcpReq.requestState() === "opaque") return said("state-ok");
      const requestState = await STATES.mint("opaque");
      return inputRequired({ inputRequests: { confirm: ask }, requestState });
    });
  }
  add("test_input_required_result_multiple_inputs", async ({ mcpReq }) => {
    const requests = { user_name: ask, greeting: sample, client_roots: inputRequired.listRoots() };
    const answers = mcpReq.inputResponses ?? {};
    const missing = Object.keys(requests).some((key) => answers[key] === undefined);
    if (!missing) return said(JSON.stringify(answers));
    return inputRequired({ inputRequests: requests, requestState: await STATES.mint("asked") });
  });
  add("test_input_required_result_multi_round", async ({ mcpReq }) => {
    const state = mcpReq.requestState<string>();
    if (state === "two") return said("Both steps are done.");
    const step = state === "one" ? "step2" : "step1";
    const requestState = await STATES.mint(state === "one" ? "two" : "one");
    return inputRequired({ inputRequests: { [step]: ask }, requestState });
  });
  add("test_input_required_result_capabilities", ({ mcpReq }) => {
    const can = capabilitiesOf(mcpReq);
    return inputRequired({
      inputRequests: {
        ...(can?.elicitation !== undefined && { asked: ask }),
        ...(can?.sampling !== undefined && { sampled: sample }),
      },
    });
  });
}

export interface ProtocolFault {
  readonly status: number;
  readonly error: { readonly code: number; readonly message: string; readonly data?: object };
}

/** Calls that fail as such: the SDK's server would make results of what its tools throw. */
export async function protocolFaultOf(body: unknown): Promise<ProtocolFault | undefined> {
  const { params = {} } = body as { params?: { name?: string; _meta?: object } };
  if (params.name === "protocol_error_job") {
    await setTimeout(LONG_MS);
    return { status: 200, error: { code: -32603, message: "the server broke" } };
  }
  if (params.name !== "test_missing_capability") return undefined;
  if (capabilitiesOf({ envelope: params._meta })?.sampling !== undefined) return undefined;
  const data = { requiredCapabilities: { sampling: {} } };
  return { status: 400, error: { code: -32021, message: "sampling is missing", data } };
}

/** Well beyond what the gate before it waits for, before it makes a task of a call. */
const LONG_MS = 2_500;
/** The suite asks for a minute where it is about to cancel. */
const LONGEST_MS = 6_000;

/** What the suite's Tasks scenarios call. */
function addLongTools(add: Add): void {
  const name = { name: { type: "string" } };
  add("greet", (_, args) => said(`Hello, ${String(args["name"])}!`), textOf(name));
  const slow = { seconds: { type: "number" }, label: { type: "string" } };
  add(
    "slow_compute",
    async ({ mcpReq }, { seconds }) => {
      const asked = Number(seconds) * 1000;
      const ms = asked === 0 ? 0 : Math.max(LONG_MS, Math.min(asked, LONGEST_MS));
      await setTimeout(ms, undefined, { signal: mcpReq.signal });
      return said("computed");
    },
    textOf(slow),
  );
  add("failing_job", async () => {
    await setTimeout(LONG_MS);
    return { ...said("the job failed"), isError: true };
  });
  add("protocol_error_job", () => said("never: see `protocolFaultOf`"));
  const confirming = (questions: Readonly<Record<string, typeof ask>>): Run => {
    return async ({ mcpReq }) => {
      const answers = mcpReq.inputResponses ?? {};
      const missing = Object.keys(questions).some((key) => answers[key] === undefined);
      await setTimeout(LONG_MS);
      return missing ? inputRequired({ inputRequests: questions }) : said(JSON.stringify(answers));
    };
  };
  add("confirm_delete", confirming({ confirm }), textOf({ filename: { type: "string" } }));
  add("multi_input", confirming({ first: ask, second: confirm }));
  add("test_tool_with_task", async ({ mcpReq }) => {
    const answer = mcpReq.inputResponses?.["user_name"];
    if (answer === undefined) {
      const requestState = await STATES.mint("asked");
      return inputRequired({ inputRequests: { user_name: ask }, requestState });
    }
    await setTimeout(LONG_MS);
    return said(JSON.stringify(answer));
  });
}

function addPrompts(server: McpServer): void {
  for (const { name, args, messages } of PROMPTS) {
    const config = { description: `The suite's ${name}.` };
    const answer = (given: Record<string, string>) => ({ messages: messages(given) as never });
    if (args.length === 0) server.registerPrompt(name, config, () => answer({}));
    else {
      const properties = Object.fromEntries(args.map((arg) => [arg, { type: "string" }]));
      const argsSchema = fromJsonSchema<Record<string, string>>({
        type: "object",
        properties,
        required: [...args],
      } as never);
      server.registerPrompt(name, { ...config, argsSchema }, answer);
    }
  }
  server.registerPrompt(
    "test_input_required_result_prompt",
    { description: "Asks before it says anything." },
    ({ mcpReq }) => {
      const answer = mcpReq.inputResponses?.["user_context"];
      if (answer === undefined) return inputRequired({ inputRequests: { user_context: ask } });
      const text = `With ${JSON.stringify(answer)}`;
      return { messages: [{ role: "user" as const, content: { type: "text" as const, text } }] };
    },
  );
}

function addResources(server: McpServer): void {
  const read = (uri: URL) => ({ contents: [resourceAt(uri.href) as never] });
  for (const uri of ["test://static-text", "test://static-binary", "test://watched-resource"]) {
    server.registerResource(uri, uri, { description: uri }, read);
  }
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("template", template, {}, read);
}

interface Capabilities {
  readonly sampling?: object;
  readonly elicitation?: object;
}

function capabilitiesOf({
  envelope,
}: {
  readonly envelope?: object | undefined;
}): Capabilities | undefined {
  const said = (envelope ?? {}) as Readonly<Record<string, unknown>>;
  return said["io.modelcontextprotocol/clientCapabilities"] as Capabilities | undefined;
}

function changed(announce: () => void): CallToolResult {
  announce();
  return said("changed");
}

function said(text: string): CallToolResult {
  return { content: [{ type: "text", text }] };
}
