/** Where the API is found: at its documented paths, and whole under its prefix. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

let gate: SallyportProcess;

beforeAll(async () => {
  gate = await startSallyport({ config: "upstreams: []\n", policies: {} });
});
afterAll(() => gate[Symbol.asyncDispose]());

const get = (path: string): Promise<Response> => fetch(`${gate.manageUrl}${path}`);

describe("the API of Haldir", () => {
  it.each(["/healthz", "/haldir/healthz"])("answers %s without a key", async (path) => {
    const reply = await get(path);
    expect(reply.status).toBe(200);
    expect(await reply.json()).toMatchObject({ status: "ok", service: "haldir" });
  });

  it.each(["/v1", "/haldir/v1"])("shows at %s what there is", async (path) => {
    expect(await (await get(path)).json()).toMatchObject({
      version: expect.any(String),
      docs: expect.stringMatching(/^http:/u),
      endpoints: { sessions: "/v1/sessions" },
    });
  });

  it("answers unknown paths in its own words, and leaves others' alone", async () => {
    const unknown = await get("/v1/nothing");
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: "Not found" }]);
    expect((await get("/livez")).status).toBe(200);
    expect((await get("/v2")).headers.get("content-type")).toBe("application/problem+json");
  });
});
