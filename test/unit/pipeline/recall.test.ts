import { expect, it } from "vitest";
import { recall } from "../../../src/pipeline/recall.ts";
import { reviewOf } from "../../support/reviews.ts";

const { principal } = reviewOf(1);
const reading = { readsMarks: () => true };

it("asks no store where no rule reads what the session was marked with", () => {
  const marks = (): never => {
    throw new Error("asked");
  };
  expect(recall(principal, { readsMarks: () => false }, { marks })).toEqual({
    kind: "pass",
    value: [],
  });
});

it("passes on what a store on this machine knows at once, and what replicas share later", async () => {
  const pass = { kind: "pass", value: ["untrusted"] };
  expect(recall(principal, reading, { marks: () => ["untrusted"] })).toEqual(pass);
  expect(await recall(principal, reading, { marks: async () => ["untrusted"] })).toEqual(pass);
});

it("refuses, rather than call a session clean, where the store is away", async () => {
  const cause = new Error("away");
  const marks = () => Promise.reject(cause);
  expect(await recall(principal, reading, { marks })).toMatchObject({
    kind: "halt",
    refusal: { code: "limit_unavailable", cause },
  });
});
