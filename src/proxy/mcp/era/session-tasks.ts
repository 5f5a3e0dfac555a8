import type { JsonValue } from "../../../core/json.ts";
import type { RpcRequest, RpcResponse } from "../rpc-message.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import type { McpRequest } from "../transport/mcp-request.ts";

/** Tasks for clients with sessions, where the server behind leaves them to somebody else. */
export interface SessionTasks {
  /** False: it is no matter of tasks. `canBeAsked`: the capabilities of the session's client. */
  serve(
    base: McpRequest,
    request: RpcRequest,
    stream: AnswerStream,
    canBeAsked: JsonValue,
  ): boolean;
  /** False: it answers nothing that was asked in the course of a task. */
  answer(base: McpRequest, response: RpcResponse, stream: AnswerStream): boolean;
  /** The text of a list of tools, with what may be called as a task. */
  listed(text: string): string;
  /** Says how the tasks of its session come to stand, until what is returned is called. */
  hear(base: McpRequest, say: (json: string) => void): () => void;
}
