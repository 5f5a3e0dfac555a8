/** A detector that hangs or eats all memory: nothing passes, and the record says so. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acceptEcho } from "../support/echo-socket.ts";
import { readRecorded } from "../support/recorded.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startSallyport, type SallyportSetup } from "../support/sallyport-process.ts";

const POLICY = `
version: 1
agents: [tester]
rules:
  - { id: web, http: { upstreams: [web] }, effect: allow }
  - { id: feed, http: { upstreams: [web], paths: [/feed], upgrade: true }, effect: allow }
inspect:
  - { id: keys, on: [request, response], find: [secret], do: block }
`;

function setup(
  upstream: Pick<RecordingUpstream, "url">,
  stuckMs = 2000,
  nodeFlags: readonly string[] = [],
): SallyportSetup {
  return {
    config:
      "agents: [{ name: tester }]\nidentity: { loopback_agent: tester }\nlog: { level: warn }\n" +
      `limits: { stuck_ms: ${stuckMs} }\nupstreams:\n` +
      `  - { name: web, wire: http, url: "${upstream.url}", allow_private: true }\n`,
    policies: { "all.yaml": POLICY },
    nodeFlags: ["--import", "./test/support/endless-detectors.ts", ...nodeFlags],
  };
}

function post(url: string, text: string): Promise<Response> {
  const headers = { "content-type": "application/json", connection: "close" };
  return fetch(`${url}/web/notes`, { method: "POST", headers, body: JSON.stringify({ text }) });
}

describe("a look that does not end", () => {
  it("ends the process, is on the record, and from then on only its exchange is refused", async () => {
    await using upstream = await startRecordingUpstream((request, response, body) => {
      const text = request.url === "/evil" ? "hang-here" : body.toString();
      response.setHeader("content-type", "application/json").end(JSON.stringify({ text }));
    });
    const first = await startSallyport(setup(upstream));
    expect((await post(first.url, "good day")).status).toBe(200);
    const ended = once(first.child, "exit");
    await expect(post(first.url, "hang-here")).rejects.toThrow("fetch failed");
    expect((await ended)[1]).toBe("SIGKILL");
    expect(first.output()).toContain("a look at a text does not end");
    expect(upstream.requests).toHaveLength(1);

    await using again = await first.restart();
    expect(again.output()).toContain("stuck.json");
    const { outcomes } = await readRecorded(again.dataDirectory);
    expect([...outcomes.values()].flat().slice(1)).toMatchObject([
      {
        asked: { method: "POST", path: "/notes", principal: { agent: "tester" } },
        outcome: { kind: "refused", code: "internal" },
      },
    ]);

    for (const text of ["hang-here", "backtrack-here"]) {
      expect(await (await post(again.url, text)).json()).toMatchObject({ code: "request_blocked" });
    }
    const answer = await fetch(`${again.url}/web/evil`);
    expect(await answer.json()).toMatchObject({ code: "response_unscannable" });
    expect((await post(again.url, "good day")).status).toBe(200);
    expect(upstream.requests.map(({ url }) => url)).toEqual(["/notes", "/evil", "/notes"]);
    const record = await readRecorded(again.dataDirectory);
    const failed = { detector: "detector_failed", signature: "ERR_SCRIPT_EXECUTION_TIMEOUT" };
    const refused = [...record.outcomes.values()].flat().slice(2, 5);
    for (const entry of refused) expect(entry).toMatchObject({ checked: { findings: [failed] } });

    // The last look came to an end, so nothing is left of it. An operator who has mended it says so.
    expect((await post(again.url, "hang-here")).status).toBe(403);
    await again.stop();
    rmSync(join(again.dataDirectory, "stuck.json"));
    await using mended = await again.restart();
    expect(mended.output()).not.toContain("stuck.json");
    expect((await post(mended.url, "good day")).status).toBe(200);
  }, 120_000);

  it("is on the record with its request where a large body is looked at in slices", async () => {
    await using upstream = await startRecordingUpstream((_, response) => {
      response.end("{}");
    });
    const first = await startSallyport(setup(upstream));
    const ended = once(first.child, "exit");
    const text = `${"Nothing of interest stands here. ".repeat(12_000)} hang-here`;
    await expect(post(first.url, text)).rejects.toThrow("fetch failed");
    expect((await ended)[1]).toBe("SIGKILL");

    await using again = await first.restart();
    const { outcomes } = await readRecorded(again.dataDirectory);
    expect([...outcomes.values()].flat()).toMatchObject([
      {
        asked: { method: "POST", path: "/notes", principal: { agent: "tester" } },
        outcome: { kind: "refused", code: "internal" },
      },
    ]);
    expect(upstream.requests).toEqual([]);
  });

  it("is on the record with its exchange where a large answer is looked at in slices", async () => {
    const text = `${"Nothing of interest stands here. ".repeat(12_000)} hang-here`;
    await using upstream = await startRecordingUpstream((_, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ text }));
    });
    const first = await startSallyport(setup(upstream));
    const ended = once(first.child, "exit");
    await expect(fetch(`${first.url}/web/evil`)).rejects.toThrow("fetch failed");
    expect((await ended)[1]).toBe("SIGKILL");

    await using again = await first.restart();
    const { entries, intents, outcomes } = await readRecorded(again.dataDirectory);
    const [exchange = ""] = intents.keys();
    expect(outcomes.get(exchange)).toMatchObject([{ outcome: { kind: "unknown" } }]);
    expect(entries.filter(({ kind }) => kind === "event")).toMatchObject([
      {
        event: {
          action: "look_stuck",
          agent: "tester",
          upstream: "web",
          reason: "A look at this answer did not end, so the process was ended.",
          data: { side: "answer", exchange, method: "GET", path: "/evil" },
        },
      },
    ]);
  });

  it("is on the record with its exchange where a message of a tunnel is looked at", async () => {
    const server = createServer().on("upgrade", (request, socket) => acceptEcho(request, socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const first = await startSallyport(setup({ url: `http://127.0.0.1:${port}` }));
    const ended = once(first.child, "exit");
    const socket = new WebSocket(`${first.url.replace("http:", "ws:")}/web/feed`);
    socket.addEventListener("open", () => socket.send("hang-here"));
    expect((await ended)[1]).toBe("SIGKILL");
    server.closeAllConnections();
    server.close();

    await using again = await first.restart();
    const { entries, intents } = await readRecorded(again.dataDirectory);
    const [exchange = ""] = intents.keys();
    expect(entries.filter(({ kind }) => kind === "event")).toMatchObject([
      { event: { action: "look_stuck", data: { side: "message", exchange, path: "/feed" } } },
    ]);
  });

  it("that runs out of memory passes nothing either, and is on the record", async () => {
    await using upstream = await startRecordingUpstream((_, response) => void response.end());
    const first = await startSallyport(setup(upstream, 4000, ["--max-old-space-size=1000"]));
    const ended = once(first.child, "exit");
    await expect(post(first.url, "grow-here")).rejects.toThrow("fetch failed");
    // By V8, which has no more memory, or by us: whoever is first.
    await ended;
    await using again = await first.restart();
    const { outcomes } = await readRecorded(again.dataDirectory);
    expect([...outcomes.values()].flat()).toMatchObject([
      { outcome: { kind: "refused", code: "internal" } },
    ]);
    expect(upstream.requests).toEqual([]);
    expect(existsSync(join(again.dataDirectory, "stuck.json"))).toBe(true);
  }, 120_000);
});
