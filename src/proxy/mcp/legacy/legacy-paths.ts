/** Below an MCP endpoint, where clients of 2024-11-05 listen and speak. */
export const STREAM_PATH = "/sse";
export const MESSAGE_PATH = "/message";
