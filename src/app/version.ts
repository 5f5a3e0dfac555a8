import { readFileSync } from "node:fs";
import { isJsonObject } from "../core/json.ts";

/** As package.json has it. */
export const VERSION = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const manifest: unknown = JSON.parse(text);
  const version = isJsonObject(manifest) ? manifest["version"] : undefined;
  return typeof version === "string" ? version : "0.0.0";
}
