/** The reference MCP server of the session era, as its users start it, in a process of its own. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

const ENTRY = fileURLToPath(
  import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"),
);

export interface ServerEverything extends AsyncDisposable {
  readonly url: string;
}

export async function startServerEverything(
  transport: "streamableHttp" | "sse" = "streamableHttp",
): Promise<ServerEverything> {
  const port = await freePort();
  const child = spawn(process.execPath, [ENTRY, transport], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/listening on port|running on port/.test(said)) resolve();
    });
    child.once("close", () => reject(new Error(`server-everything ended:\n${said}`)));
  });
  return {
    url: `http://127.0.0.1:${port}/${transport === "sse" ? "sse" : "mcp"}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
