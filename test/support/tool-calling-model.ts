/** A model on loopback, in Anthropic's words, that calls the tools it is told to, one a turn. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface ToolUse {
  readonly name: string;
  readonly input: object;
}

export interface ToolCallingModel extends AsyncDisposable {
  readonly url: string;
  /** What it calls in the next conversation; after that it says what it heard. */
  plan(uses: readonly ToolUse[]): void;
}

interface Block {
  readonly type: string;
  readonly content?: unknown;
}

interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly { readonly content: string | readonly Block[] }[];
}

export async function startToolCallingModel(): Promise<ToolCallingModel> {
  let planned: readonly ToolUse[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => answer(request.url ?? "", body, response));
  });
  const answer = (path: string, body: string, response: ServerResponse): void => {
    if (!path.startsWith("/v1/messages?") && path !== "/v1/messages") {
      return void response.writeHead(404).end("{}");
    }
    const asked: Asked = JSON.parse(body);
    const blocks = asked.messages.flatMap(({ content }) =>
      typeof content === "string" ? [] : content,
    );
    const use = planned[blocks.filter(({ type }) => type === "tool_use").length];
    const heard = blocks.filter(({ type }) => type === "tool_result").map(({ content }) => content);
    say(response, asked, use, JSON.stringify(heard));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plan: (uses) => (planned = uses),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function say(
  response: ServerResponse,
  { model, stream }: Asked,
  use: ToolUse | undefined,
  words: string,
): void {
  const block =
    use === undefined
      ? { type: "text", text: words }
      : { type: "tool_use", id: `toolu_${use.name}`, ...use };
  const stop = { stop_reason: use === undefined ? "end_turn" : "tool_use", stop_sequence: null };
  const usage = { input_tokens: 20, output_tokens: 30 };
  const message = { id: "msg_1", type: "message", role: "assistant", model, usage };
  if (stream !== true) {
    response.writeHead(200, { "content-type": "application/json" });
    return void response.end(JSON.stringify({ ...message, ...stop, content: [block] }));
  }
  const begun = use === undefined ? { type: "text", text: "" } : { ...block, input: {} };
  const delta =
    use === undefined
      ? { type: "text_delta", text: words }
      : { type: "input_json_delta", partial_json: JSON.stringify(use.input) };
  response.writeHead(200, { "content-type": "text/event-stream" });
  const events = [
    { type: "message_start", message: { ...message, content: [], stop_reason: null } },
    { type: "content_block_start", index: 0, content_block: begun },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: stop, usage: { output_tokens: usage.output_tokens } },
    { type: "message_stop" },
  ];
  for (const event of events) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}
