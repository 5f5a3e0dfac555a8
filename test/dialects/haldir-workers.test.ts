/** What was just written binds the next call, whichever process gets it. */
import { expect, it } from "vitest";
import { startHaldir, startToolServer } from "../support/haldir.ts";

const NAME = "a policy is in force in every worker when it is answered, and so is a revocation";

// Three processes start, which takes its time on a busy machine.
it(NAME, { timeout: 60_000 }, async () => {
  await using server = await startToolServer();
  const haldir = await startHaldir({ config: "workers: 2\nupstreams: []\n" });
  await using _gate = haldir.gate;
  await haldir.ask("POST", "/v1/proxy/upstreams", { name: "shop", url: server.url });
  const session = await haldir.session();
  const statuses = async (tool: string): Promise<readonly number[]> => {
    const call = { tool, session_id: session };
    const made = Array.from({ length: 12 }, () => haldir.ask("POST", "/v1/proxy/call", call));
    return [...new Set((await Promise.all(made)).map(({ status }) => status))];
  };
  expect(await statuses("list_customers")).toEqual([200]);
  for (const tool of ["list_customers", "charge", "fail"]) {
    await haldir.ask("POST", "/v1/proxy/policies", { type: "block_tool", tool });
    expect(await statuses(tool)).toEqual([403]);
  }
  await haldir.ask("DELETE", `/v1/sessions/${session}`);
  await expect.poll(() => statuses("delete_database")).toEqual([401]);
});
