import { describe, expect, it } from "vitest";
import { createSseFramer } from "../../../src/lib/sse-frames.ts";
import { AnswerStream } from "../../../src/proxy/mcp/transport/answer-stream.ts";

describe("an event of an answer", () => {
  it.each([
    ["printed over lines", `{\n  "jsonrpc": "2.0",\r\n  "id": 1,\r"result": {}\n}`],
    ["with an event inside", `{"jsonrpc":"2.0","id":1,\n\ndata: {"x":1}\n\n"result":{}}`],
  ])("is one event, however its message was written: %s", (_, text) => {
    let sent = "";
    const stream = new AnswerStream({
      onResponseData: (_controller, chunk) => void (sent += chunk.toString()),
    });
    stream.event(text, "7");
    stream.conclude(text);
    const frames = createSseFramer(1_000_000).push(Buffer.from(sent));
    expect(frames.map(({ data }) => data)).toEqual(
      [text, text].map((each) => each.replaceAll(/[\r\n]+/g, " ")),
    );
  });
});
