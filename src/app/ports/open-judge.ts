/** The judge where one is configured, and the key that its agent shows to this gateway. */
import { createHash } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEY_FAMILIES } from "../../core/identity/key-family.ts";
import { systemCodeOf } from "../../lib/caught.ts";
import { randomToken } from "../../lib/ids.ts";
import { LlmJudge, type JudgeEvents } from "../../stores/judge/llm-judge.ts";
import type { Config } from "../config/config.ts";
import { now } from "../now.ts";

const KEY_FILE = "judge.key";
const KEY_BYTES = 24;

export interface OpenJudge {
  readonly judge: LlmJudge | undefined;
  /** With the key among those of the judge's agent. */
  readonly config: Config;
}

/** Throws the system's error where the data directory cannot be used. */
export function openJudge(config: Config, events: JudgeEvents): OpenJudge {
  const settings = config.judge;
  if (settings === undefined) return { judge: undefined, config };
  const key = keyIn(config.dataDirectory);
  const sha256 = createHash("sha256").update(key).digest("hex");
  const agents = config.agents.map((entry) =>
    entry.name === settings.agent ? { ...entry, keysSha256: [...entry.keysSha256, sha256] } : entry,
  );
  return { judge: new LlmJudge(settings, key, events, now), config: { ...config, agents } };
}

/** The same for all workers, any of which may take the call. A link is made whole or not at all. */
function keyIn(directory: string): string {
  const file = join(directory, KEY_FILE);
  const fresh = `${file}.${randomToken(8)}`;
  writeFileSync(fresh, `${KEY_FAMILIES.spt.prefix}${randomToken(KEY_BYTES)}`, { mode: 0o600 });
  try {
    linkSync(fresh, file);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  return readFileSync(file, "utf8").trim();
}
