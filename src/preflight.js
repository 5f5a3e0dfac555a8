// Plain JavaScript on purpose: it must run on any Node, to say clearly that this one is too old.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  const brought = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  const remedy = existsSync(brought)
    ? `\`npm ci\` brought the right one along: ${brought}\n` +
      "npm uses it by itself: npm start, npm run -s sallyport -- <command>\n"
    : "`npm ci` brings the right one as an optional dependency; here it was not installed.\n" +
      "Run `npm ci --include=optional`, or install Node 24 LTS, and try again.\n";
  process.stderr.write(
    `Sallyport needs Node 24.15 or newer; this is ${process.versions.node}.\n${remedy}`,
  );
  process.exit(3);
}
