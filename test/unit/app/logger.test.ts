import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

const LOGGER = new URL("../../../src/app/observe/logger.ts", import.meta.url).href;

/** Three times what may wait for a reader. */
const PROGRAM = `
  import { createLogger } from ${JSON.stringify(LOGGER)};
  const { log } = createLogger({ level: "info", format: "json" });
  for (let line = 0; line < 192; line += 1) log.info({ line, long: "x".repeat(65_536) }, "said");
  process.stdout.write("all said");
`;

it("a log that nobody reads takes a bounded memory, and says afterwards what it lost", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PROGRAM]);
  await once(child.stdout, "data");
  const printed = (await text(child.stderr)).trim().split("\n");
  const lines = printed.map((line) => JSON.parse(line) as { msg: string; lines?: number });
  const said = lines.filter(({ msg }) => msg === "said").length;
  const last = lines.at(-1);
  expect(last).toMatchObject({ level: "warn", msg: expect.stringContaining("lost") });
  expect(said + (last?.lines ?? 0)).toBe(192);
  expect(said).toBeLessThan(80);
});
