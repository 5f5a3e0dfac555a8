// Plain JavaScript on purpose: it must run on any Node, to say clearly that this one is too old.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `Sallyport needs Node 24.15 or newer; this is ${process.versions.node}.\n` +
      "`npm ci` brings the right one as an optional dependency; on this machine it was not installed.\n" +
      "Run `npm ci --include=optional`, or install Node 24 LTS, and try again.\n",
  );
  process.exit(1);
}
