import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const DIRECTORY =
  process.env["SALLYPORT_CORPORA"] ??
  fileURLToPath(new URL("../../../shared/corpora", import.meta.url));

/** Records of a corpus file beside the repository, or undefined where it is not there. */
export function readCorpus<T>(name: string): readonly T[] | undefined {
  const path = `${DIRECTORY}/${name}`;
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line): T => JSON.parse(line));
}
