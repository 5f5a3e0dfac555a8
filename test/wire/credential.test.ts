import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outcomeOf, readRecorded } from "../support/recorded.ts";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

const SECRET = "sk-vaulted-0123456789abcdefghijklmnop";

let upstream: Server;
let seen: IncomingHttpHeaders[] = [];
let sallyport: SallyportProcess;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.push(request.headers);
    response.end("ok");
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const address = upstream.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const origin = `http://127.0.0.1:${address.port}`;
  const entry = (name: string, credential: string): string =>
    `  - { name: ${name}, wire: http, url: "${origin}", allow_private: true${credential} }\n`;
  sallyport = await startSallyport({
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nupstreams:\n" +
      entry("plain", "") +
      entry("sealed", ', credential: { ref: "vault://crm" }') +
      entry("absent", ', credential: { ref: "vault://nothing" }'),
    policies: {
      "all.yaml":
        "version: 1\nagents: [tester]\nrules:\n" +
        "  - { id: all, http: { upstreams: [plain, sealed, absent] }, effect: allow }\n",
    },
    secrets: [{ args: ["crm", "--origin", origin], value: SECRET }],
  });
});
afterAll(async () => {
  await sallyport[Symbol.asyncDispose]();
  upstream.close();
});

async function exchangeOn(name: string): Promise<string> {
  const response = await fetch(`${sallyport.url}/${name}/`);
  await response.text();
  return response.headers.get("x-sallyport-exchange") ?? "";
}

describe("the record of a borrowed credential", () => {
  it("names the secret and its version where one was lent, and holds no value", async () => {
    seen = [];
    const plain = await exchangeOn("plain");
    const sealed = await exchangeOn("sealed");
    const absent = await exchangeOn("absent");
    expect(seen.map((headers) => headers.authorization)).toEqual([undefined, `Bearer ${SECRET}`]);

    await sallyport.stop();
    const recorded = await readRecorded(sallyport.dataDirectory);
    expect(outcomeOf(recorded, sealed).credential).toBe("crm@1");
    expect(outcomeOf(recorded, plain).credential).toBeUndefined();
    expect(outcomeOf(recorded, absent)).toMatchObject({
      credential: undefined,
      dispatched: false,
      outcome: { kind: "refused", code: "credential_unavailable" },
    });
    expect(JSON.stringify(recorded.entries)).not.toContain(SECRET);
  });

  it("leaves the reason why it could not be lent to the operator's log", () => {
    expect(sallyport.output()).toMatch(/"cause":"the vault has no secret nothing;/);
  });
});
