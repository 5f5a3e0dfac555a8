import { describe, expect, it } from "vitest";
import { AnswerStream } from "../../../src/proxy/mcp/transport/answer-stream.ts";

describe("an answer stream", () => {
  it("tells an exchange whose client left before it began that it is over", () => {
    const heard: string[] = [];
    const stream = new AnswerStream({
      onRequestStart: (controller) => controller.abort(new Error("the client is gone")),
      onResponseError: (_, error) => heard.push(error.message),
    });
    expect(stream.over).toBe(true);
    stream.conclude("{}");
    expect(heard).toEqual(["the client is gone"]);
  });

  it("says so once, however often it is ended", () => {
    let gone = 0;
    const heard: string[] = [];
    const stream = new AnswerStream({ onResponseError: (_, error) => heard.push(error.message) });
    stream.onGone(() => (gone += 1));
    stream.abort(new Error("first"));
    stream.abort(new Error("second"));
    stream.fail(new Error("third"));
    expect({ gone, heard }).toEqual({ gone: 1, heard: ["first"] });
  });
});
