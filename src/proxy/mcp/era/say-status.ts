import { RPC_INTERNAL, type RpcId } from "../rpc-message.ts";
import { errorText, type AnswerStream } from "../transport/answer-stream.ts";
import type { BareStatus } from "./answer-reader.ts";

/** What a server said with a status alone, for clients whose users read the message. */
export function sayStatus(stream: AnswerStream, id: RpcId, { status, message }: BareStatus): void {
  stream.reply(status, errorText(id, RPC_INTERNAL, message));
}
