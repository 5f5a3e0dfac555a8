import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { millis } from "../../../src/core/units.ts";
import { requestOf } from "../../../src/proxy/mcp/era/stateless-message.ts";
import { readRpcMessage } from "../../../src/proxy/mcp/rpc-message.ts";
import { AnswerStream } from "../../../src/proxy/mcp/transport/answer-stream.ts";
import { ChannelSession } from "../../../src/proxy/mcp/transport/channel-session.ts";
import { answeredBy } from "../../../src/proxy/mcp/transport/garbled-answer.ts";
import { createLineReader } from "../../../src/proxy/mcp/transport/line-reader.ts";
import type { ChannelListener } from "../../../src/proxy/mcp/transport/message-channel.ts";

interface Heard {
  body: string;
  ended: boolean;
  failed: boolean;
}

/** A session over a channel that a test speaks for, and what its clients hear. */
function session(shared = false) {
  let listener: ChannelListener | undefined;
  const sent: { id?: number; method?: string; params?: { requestId?: number } }[] = [];
  const talk = new ChannelSession({
    open: (hears) => {
      listener = hears;
      return { send: (text) => sent.push(JSON.parse(text)), close: () => {} };
    },
    shared,
    idle: millis(60_000),
    patience: millis(60_000),
    unreadable: () => {},
    ended: () => {},
  });
  return {
    talk,
    sent,
    say: (json: object): void => {
      const text = JSON.stringify(json);
      const reading = readRpcMessage(JSON.parse(text));
      if (reading.kind === "ok") listener?.message(reading.message, text);
    },
    babble: (text: string): void => listener?.unreadable(answeredBy(text)),
    ask: (id: string | number, params: object = {}) => {
      const heard: Heard = { body: "", ended: false, failed: false };
      const handler: Dispatcher.DispatchHandler = {
        onResponseData: (_, chunk) => void (heard.body += chunk.toString()),
        onResponseEnd: () => void (heard.ended = true),
        onResponseError: () => void (heard.failed = true),
      };
      const stream = new AnswerStream(handler);
      const text = JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
      talk.ask(requestOf(text), stream);
      return { heard, stream };
    },
  };
}

describe("a session over a channel", () => {
  it.each([
    '{"jsonrpc":"2.0","id":1,"result":{"text":"\ufffd"}}',
    '{"jsonrpc":"2.0","id":1,"result":{},"result":{}}',
    '{"id":1,"result":{}}',
  ])("fails the call whose answer cannot be read, and no other: %s", (garbled) => {
    const { ask, babble, say } = session();
    const [first, second] = [ask("a").heard, ask("b").heard];
    babble(garbled);
    expect(first.failed).toBe(true);
    say({ jsonrpc: "2.0", id: 2, result: {} });
    expect(second).toMatchObject({ ended: true, failed: false });
  });

  it.each([
    "listening on port 3000",
    "null",
    "1",
    '{"level":30,"msg":"ready"}',
    '{"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"}',
    '{"jsonrpc":"2.0","id":99,"result":{},"result":{}}',
    '{"jsonrpc":"2.0","id":"1","result":{},"result":{}}',
  ])("lets a call wait through what is no answer to it: %s", (noise) => {
    const { ask, babble } = session();
    const { heard } = ask("a");
    babble(noise);
    expect(heard).toEqual({ body: "", ended: false, failed: false });
  });

  it("gives each request its own answer, once, whatever ids a server answers, in whatever order", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 8 }),
        fc.array(fc.oneof(fc.integer({ min: -2, max: 12 }), fc.string()), { maxLength: 30 }),
        fc.boolean(),
        (ids, answers, shared) => {
          const { ask, say, talk } = session(shared);
          const asked = ids.map((id) => ({ id, heard: ask(id).heard }));
          for (const [index, id] of answers.entries()) {
            say({ jsonrpc: "2.0", id, result: { index } });
          }
          for (const [position, { id, heard }] of asked.entries()) {
            const number = position + 1;
            const first = answers.indexOf(number);
            if (first === -1) expect(heard).toEqual({ body: "", ended: false, failed: false });
            else {
              expect(JSON.parse(heard.body)).toEqual({
                jsonrpc: "2.0",
                id,
                result: { index: first },
              });
              expect(heard.ended).toBe(true);
            }
          }
          talk.close();
          for (const { heard } of asked) expect(heard.ended || heard.failed).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps every digit of what a server says", () => {
    const { ask, talk } = session();
    const { heard } = ask("a");
    const text = `{"jsonrpc":"2.0","id":1,"result":{"n":12345678901234567890.10}}`;
    const reading = readRpcMessage(JSON.parse(text));
    if (reading.kind === "ok") talk.message(reading.message, text);
    expect(heard.body).toBe(`{"jsonrpc":"2.0","id":"a","result":{"n":12345678901234567890.10}}`);
  });

  it("refuses an id that is in flight, but not among clients that share it", () => {
    const own = session();
    own.ask(1);
    expect(own.ask(1).heard.body).toContain("in flight");
    const shared = session(true);
    shared.ask(1);
    expect(shared.ask(1).heard.body).toBe("");
    own.talk.close();
    shared.talk.close();
  });

  it("passes progress to the call it is about, under that call's own token", () => {
    const { ask, say, talk } = session();
    const { heard } = ask("a", { _meta: { progressToken: "mine" } });
    const other = ask("b", { _meta: { progressToken: "theirs" } });
    say({
      jsonrpc: "2.0",
      method: "notifications/progress",
      params: { progressToken: 1, progress: 5 },
    });
    expect(heard.body).toContain(`"progressToken":"mine"`);
    expect(other.heard.body).toBe("");
    talk.close();
  });

  it("tells the server when nobody waits any more, and drops what comes too late", () => {
    const { ask, say, sent, talk } = session();
    const { stream, heard } = ask("a");
    stream.abort(new Error("the agent left"));
    expect(sent.at(-1)).toMatchObject({
      method: "notifications/cancelled",
      params: { requestId: 1 },
    });
    say({ jsonrpc: "2.0", id: 1, result: {} });
    expect(heard.body).toBe("");
    talk.close();
  });

  it("gives up an answer whose client does not read, in place of keeping it all", () => {
    const { ask, say, talk } = session();
    const { stream, heard } = ask("a", { _meta: { progressToken: "t" } });
    stream.pause();
    const message = "x".repeat(1024 * 1024);
    for (let progress = 0; progress < 20; progress += 1) {
      const params = { progressToken: 1, progress, message };
      say({ jsonrpc: "2.0", method: "notifications/progress", params });
    }
    expect(heard.failed).toBe(true);
    expect(heard.body.length).toBeLessThan(9 * 1024 * 1024);
    talk.close();
  });
});

describe("lines", () => {
  it("are the same however they were cut on their way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[^\r\n]{0,40}$/), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 50 }),
        (lines, cuts) => {
          const heard: string[] = [];
          const reader = createLineReader(
            1000,
            (line) => heard.push(line.toString()),
            () => {},
          );
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = cuts[turn % cuts.length] ?? 1;
            reader.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(heard).toEqual(lines.filter((line) => line.length > 0));
        },
      ),
    );
  });

  it("past the limit are dropped and told of, and the next one is heard", () => {
    const heard: string[] = [];
    let long = 0;
    const reader = createLineReader(
      10,
      (line) => heard.push(line.toString()),
      () => (long += 1),
    );
    for (const piece of ["aaaaaaaa", "aaaaaaaa", "aaaa\nshort\n"]) reader.push(Buffer.from(piece));
    expect(heard).toEqual(["short"]);
    expect(long).toBe(1);
  });
});
