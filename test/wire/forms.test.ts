/** Forms with files: every part is looked at before the body leaves. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
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
  - { id: mail, on: [request], find: [pii.email, pii.card], do: redact }
`;

let upstream: RecordingUpstream;
let gateway: SallyportProcess;

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => void response.end("stored"));
  gateway = await startHttpGateway({ upstreamUrl: upstream.url, policy: POLICY });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
beforeEach(() => void upstream.requests.splice(0));

function upload(note: string, file: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  const body = new FormData();
  body.append("note", note);
  body.append("file", new Blob([file], { type: "image/png" }), "holiday.png");
  return fetch(`${gateway.url}/web/upload`, { method: "POST", body });
}

describe("a form", () => {
  it("arrives as it was sent where nothing is in it", async () => {
    expect((await upload("hello", "a drawing")).status).toBe(200);
    const [request] = upstream.requests;
    expect(request?.body.toString()).toMatch(/name="note"\r\n\r\nhello\r\n.*a drawing/s);
    expect(Number(request?.headers["content-length"])).toBe(request?.body.length);
  });

  it("does not leave with a secret in a file, whatever the file says it is", async () => {
    const reply = await upload("hello", `token = ${KEY}`);
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("at /1/1/file");
    expect(upstream.requests).toEqual([]);
  });

  it("leaves without what a rule takes out, and still is a form", async () => {
    expect((await upload("mail a.b@example.org", "a drawing")).status).toBe(200);
    const [request] = upstream.requests;
    const form = await new Response(new Uint8Array(request?.body ?? []), {
      headers: { "content-type": request?.headers["content-type"] ?? "" },
    }).formData();
    expect(form.get("note")).toBe("mail [EMAIL_1]");
  });

  it("is refused with a file that nobody can read, unless the operator lets it pass", async () => {
    const reply = await upload("hello", new Uint8Array([0, 1, 2, 255]));
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("a part of its form is binary");
  });
});

describe("a form as pages send it by default", () => {
  const send = (body: string): Promise<Response> =>
    fetch(`${gateway.url}/web/pay`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
      body,
    });

  it.each([
    ["card=4111+1111+1111+1111&n=1.50&x=a%2Bb", "card=%5BCARD_1%5D&n=1.50&x=a%2Bb"],
    ["x=%C3%A9+&card=4111%201111%201111%201111", "x=%C3%A9+&card=%5BCARD_1%5D"],
    ["to=a.b%40example.org&&=&flag", "to=%5BEMAIL_1%5D&&=&flag"],
    ["a=b+c&d=%zz&e=1%20", "a=b+c&d=%zz&e=1%20"],
  ])(
    "is looked at field by field, and only what has to go is written anew: %s",
    async (sent, left) => {
      expect((await send(sent)).status).toBe(200);
      expect(upstream.requests[0]?.body.toString()).toBe(left);
    },
  );

  it("does not leave with a secret, which is named by its field", async () => {
    const reply = await send(`a=1&key=${KEY.replaceAll("-", "%2D")}`);
    expect([reply.status, upstream.requests]).toEqual([403, []]);
    expect(await reply.text()).toContain("at /1/key");
  });
});

describe("a text in UTF-16 that does not say so", () => {
  it("is refused: its zeros would hide what it says", async () => {
    const reply = await fetch(`${gateway.url}/web/note`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: Buffer.from(KEY, "utf16le"),
    });
    expect(reply.status).toBe(403);
    expect(await reply.text()).toContain("zero bytes");
    expect(upstream.requests).toEqual([]);
  });
});
