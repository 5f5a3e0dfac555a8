/** A call that needs a person, the person's answer through the API, and the same call again. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { administer, type Ask } from "../support/management.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import { startHttpGateway } from "../support/http-gateway.ts";
import { runSallyport, type SallyportProcess } from "../support/sallyport-process.ts";

let upstream: RecordingUpstream;
let gate: SallyportProcess;
let manage: Ask;

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => void response.end("done"));
  gate = await startHttpGateway({
    upstreamUrl: upstream.url,
    policy:
      `version: 1\nagents: [tester]\nrules:\n` +
      `  - id: deletes\n    http: { upstreams: [web], methods: [DELETE] }\n` +
      `    effect: approve\n    approval: { approvers: ["role:admin"], expires: 15m }\n`,
  });
  manage = await administer(gate);
});
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const remove = (path: string) => fetch(`${gate.url}/web${path}`, { method: "DELETE" });

async function reviewOf(reply: Response): Promise<string> {
  expect(reply.status).toBe(403);
  const problem = (await reply.json()) as { readonly code: string; readonly detail: string };
  expect(problem.code).toBe("approval_required");
  return /rev_\w+/.exec(problem.detail)?.[0] ?? "";
}

it("passes once after a yes, and asks again the next time and for another call", async () => {
  const review = await reviewOf(await remove("/customers/1"));
  expect((await manage("POST", `/reviews/${review}/approve`, {})).status).toBe("approved");
  expect(await reviewOf(await remove("/customers/2"))).not.toBe(review);
  expect((await remove("/customers/1")).status).toBe(200);
  expect(await reviewOf(await remove("/customers/1"))).not.toBe(review);
  expect(upstream.requests.map(({ url }) => url)).toEqual(["/customers/1"]);
});

it("passes one of many that come at once", async () => {
  const review = await reviewOf(await remove("/customers/7"));
  await manage("POST", `/reviews/${review}/approve`, {});
  const replies = await Promise.all(Array.from({ length: 8 }, () => remove("/customers/7")));
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
});

it("stays refused after a no, with the person's note", async () => {
  const review = await reviewOf(await remove("/customers/9"));
  await manage("POST", `/reviews/${review}/deny`, { note: "not this one" });
  const refused = await remove("/customers/9");
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    code: "approval_denied",
    detail: expect.stringContaining("not this one"),
  });
});

it("survives a restart between the answer and the call", async () => {
  const review = await reviewOf(await remove("/customers/10"));
  await manage("POST", `/reviews/${review}/approve`, {});
  await gate.stop();
  gate = await gate.restart();
  expect((await remove("/customers/10")).status).toBe(200);
});

it("is answered from the command line as well", async () => {
  const review = await reviewOf(await remove("/customers/11"));
  const at = ["--config", gate.configFile];
  const listed = await runSallyport(["reviews", "list", ...at]);
  expect(listed.stdout).toContain(
    `${review}  pending  medium  tester: DELETE /customers/11 on web`,
  );
  const approved = await runSallyport(["reviews", "approve", review, "--note", "ok", ...at]);
  expect(approved.output).toContain(`${review}  approved`);
  expect((await remove("/customers/11")).status).toBe(200);
});

it("is shown on the command line whole, and who comes late is told where it has gone", async () => {
  const review = await reviewOf(await remove("/customers/77"));
  const reviews = async (...args: readonly string[]) => {
    const { output } = await runSallyport(["reviews", ...args, "--config", gate.configFile]);
    return output;
  };
  const shown = await reviews("show", review);
  expect(shown).toMatch(/^call +DELETE \/customers\/77 on web$/m);
  expect(shown).toMatch(/^until +20\d\d-\d\d-\d\dT/m);
  expect(shown).toContain(`sallyport reviews approve|deny ${review}`);
  const next = /rev_\w+/.exec(await reviews("escalate", review))?.[0] ?? "";
  expect(next).not.toBe(review);
  expect(await reviews("approve", review)).toContain(`handed on: answer ${next}`);
  expect(await reviews("assign", review, "ann")).toContain(`handed on: answer ${next}`);
  expect(await reviews("show", review)).toMatch(new RegExp(`^see +${next}$`, "m"));
  expect(await reviews("deny", next)).toContain("denied");
});

it("looks on the command line, for programs, as it does over the API", async () => {
  await manage("POST", "/agents", { name: "by-hand" });
  await manage("POST", "/sessions", { agent: "by-hand", spend_limit_usd: "1.5" });
  await manage("POST", "/tenants", { id: "acme", name: "Acme" });
  for (const [group, path] of [
    ["reviews", "/reviews"],
    ["sessions", "/sessions"],
    ["tenants", "/tenants"],
  ] as const) {
    const flags = group === "reviews" ? ["--all"] : [];
    const args = [group, "list", "--json", ...flags, "--config", gate.configFile];
    const { stdout } = await runSallyport(args);
    const { items } = await manage("GET", path);
    expect(items.length, group).toBeGreaterThan(0);
    expect(new Set(JSON.parse(stdout)), group).toEqual(new Set(items));
  }
});

it("is set aside where policy denied it: for that call alone, and until somebody ends it", async () => {
  const read = (path: string) => fetch(`${gate.url}/web${path}`);
  expect((await read("/secret")).status).toBe(403);
  const made = await manage("POST", "/overrides", {
    agent: "tester",
    upstream: "web",
    method: "GET",
    path: "/secret",
    type: "time_limited_exception",
    of: "exc_1",
    justification: "the court has ordered it for today",
    expires_in_s: 600,
  });
  expect(made).toMatchObject({ stands: true, by: expect.any(String) });
  expect((await read("/secret")).status).toBe(200);
  expect((await read("/secret")).status).toBe(200);
  expect((await read("/other")).status).toBe(403);
  expect(await manage("DELETE", `/overrides/${made.id}`)).toMatchObject({ stands: false });
  expect((await read("/secret")).status).toBe(403);
});

it("is asked for ahead of the call, which then meets the answer", async () => {
  const asked = await manage("POST", "/reviews", {
    agent: "tester",
    upstream: "web",
    method: "DELETE",
    path: "/customers/12",
    reason: "they asked to be forgotten",
  });
  expect(asked).toMatchObject({ status: "pending", origin: "request", rules: ["deletes"] });
  const key = (await manage("POST", "/keys", { name: "ann", role: "admin" })).key;
  const approved = await fetch(`${gate.manageUrl}/core/v1/reviews/${asked.id}/approve`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(approved.status).toBe(200);
  expect((await remove("/customers/12")).status).toBe(200);
});
