import type { RpcRequest } from "../rpc-message.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import type { McpRequest } from "../transport/mcp-request.ts";

/** Tasks for clients with sessions, where the server behind leaves them to somebody else. */
export interface SessionTasks {
  /** False: it is no matter of tasks. */
  serve(base: McpRequest, request: RpcRequest, stream: AnswerStream): boolean;
  /** The text of a list of tools, with what may be called as a task. */
  listed(text: string): string;
  /** Says how the tasks of its session come to stand, until what is returned is called. */
  hear(base: McpRequest, say: (json: string) => void): () => void;
}
