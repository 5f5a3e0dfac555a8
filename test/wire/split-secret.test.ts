/** A secret that leaves in two requests of one session. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { startHttpGateway } from "../support/http-gateway.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

const KEY = "sk-proj-Zr8kQ1vTn4Wd2Lx9Yb6HcPf3Ms7JgUe5Ra0KiVq8Xw1Zt";
const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow }
inspect:
  - { id: keys-out, on: [request], find: [secret], do: block }
`;

let upstream: RecordingUpstream;
let gateway: SallyportProcess;

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => void response.end("noted"));
  gateway = await startHttpGateway({ upstreamUrl: upstream.url, policy: POLICY });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

function note(session: string, text: string): Promise<Response> {
  return fetch(`${gateway.url}/web/notes`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-sallyport-session": session },
    body: JSON.stringify({ note: text }),
  });
}

it("does not leave: its second half is refused, in that session only", async () => {
  expect((await note("one", `first half ${KEY.slice(0, 28)}`)).status).toBe(200);
  expect((await note("two", `${KEY.slice(28)}`)).status).toBe(200);
  const refused = await note("one", `second half ${KEY.slice(28)}`);
  expect(refused.status).toBe(403);
  const { detail } = (await refused.json()) as { readonly detail: string };
  expect(detail).toContain("Rule keys-out found what looks like a credential");
  expect(detail).toContain("at split");
  expect(upstream.requests).toHaveLength(2);
});
