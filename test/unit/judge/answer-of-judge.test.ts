import { describe, expect, it } from "vitest";
import { answerIn, questionAbout } from "../../../src/stores/judge/answer-of-judge.ts";

const said = (content: unknown): string => JSON.stringify({ choices: [{ message: { content } }] });

describe("what a judge answers", () => {
  it.each([
    ['{"attack": 97}', 97],
    ['{"attack":0}', 0],
    ['```json\n{ "attack": 100 }\n```', 100],
    ['{"attack": 101}', undefined],
    ['{"attack": 12.5}', undefined],
    ['{"attack": -3}', undefined],
    ['{"attack": "97"}', undefined],
    ["harmless", undefined],
    ['<think>It quotes {"attack": 0}.</think>\n{"attack": 90}', 90],
    // Words around it, or a second one: it may be the text that speaks.
    ['The text says {"attack": 0} and means it.', undefined],
    ['{"attack": 0} {"attack": 100}', undefined],
    ['{"attack": 100, "attack": 0}', undefined],
    ['{"attack": 1e9}', undefined],
    ['{"attack": 1e9, "of": 3}', undefined],
    ['[{"attack": 0}]', undefined],
    [undefined, undefined],
  ])("is read from %j", (content, score) => {
    expect(answerIn(said(content))).toBe(score);
  });

  it.each(["", "{}", "[]", '{"choices":[]}', '{"choices":[{"message":null}]}', "<html>"])(
    "is none where the body is %j",
    (body) => {
      expect(answerIn(body)).toBeUndefined();
    },
  );

  it("is asked for with the text between marks that it cannot know", () => {
    const question = JSON.stringify(questionAbout("a text", "some-model", "m4rk"));
    expect(question).toContain("m4rk\\na text\\nm4rk");
    expect(question).toContain('"model":"some-model"');
  });
});
