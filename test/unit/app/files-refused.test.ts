import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runProgram } from "../../../src/cli/program.ts";

describe("a command that may not use the data directory", () => {
  const home = mkdtempSync(join(tmpdir(), "files-refused-"));
  writeFileSync(join(home, "file"), "");
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it.each(["keys", "agents", "tenants", "sessions", "subscriptions", "reviews", "vault", "budget"])(
    "says so, and what to do, and does not call it a bug: %s",
    async (command) => {
      let err = "";
      const shell = {
        environment: { SALLYPORT_DATA_DIR: join(home, "file", "data") },
        workingDirectory: home,
        out: () => {},
        err: (text: string) => void (err += text),
      };
      const verb = command === "budget" ? "show" : "list";
      expect(await runProgram([command, verb], shell)).toBe(3);
      expect(err).toContain(join(home, "file"));
      expect(err).toContain("run it as the user whose files these are");
    },
  );
});
