/** What clients of the 2025 era hear where their session is not known, and how they go on. */
import { RPC_INVALID_REQUEST } from "../rpc-message.ts";
import { errorText, type AnswerStream } from "./answer-stream.ts";

export const RPC_SESSION_UNKNOWN = -32001;

const UNNAMED =
  "Mcp-Session-Id is missing: send initialize, and the id that its answer has with every request " +
  "after it. Clients of MCP 2026-07-28 need none, and say their version in every request.";
/** Of another agent's session too: whose it is is nobody's business. */
const UNKNOWN =
  "There is no such session: it is over, or was never opened here. Send initialize again.";

export function refuseUnnamedSession(stream: AnswerStream): void {
  stream.reply(400, errorText(undefined, RPC_INVALID_REQUEST, UNNAMED));
}

/** By the status that makes a client begin anew. */
export function refuseUnknownSession(stream: AnswerStream): void {
  stream.reply(404, errorText(undefined, RPC_SESSION_UNKNOWN, UNKNOWN));
}
