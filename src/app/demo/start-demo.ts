import type { DemoUrls } from "./demo-upstreams.ts";
import { startDemoModelServer } from "./model-server.ts";

export interface Demo extends AsyncDisposable {
  readonly urls: DemoUrls;
}

/** Both demo servers on free ports. The MCP one brings an SDK with it, so it is loaded here only. */
export async function startDemo(): Promise<Demo> {
  const [{ startDemoMcpServer }, model] = await Promise.all([
    import("./mcp-server.ts"),
    startDemoModelServer(),
  ]);
  const tools = await startDemoMcpServer();
  return {
    urls: { model: model.url, tools: tools.url },
    async [Symbol.asyncDispose]() {
      await Promise.all([model.close(), tools.close()]);
    },
  };
}
