/** How servers of the 2025 era say that they do not know a session, most often after a restart. */
import { RPC_METHOD_NOT_FOUND, type RpcResponse } from "../rpc-message.ts";
import { BareStatus, type AnswerListener } from "./answer-reader.ts";

/** Nothing of the request was carried out. */
export class SessionLost extends BareStatus {
  readonly session: string;

  constructor(status: number, session: string) {
    super(status);
    this.session = session;
  }
}

/** Tells the listener by a `SessionLost` at the end, whatever words the server has for it. */
export function watchingLoss(session: string, listener: AnswerListener): AnswerListener {
  let status = 0;
  let isLost = false;
  return {
    head(code, headers) {
      status = code;
      listener.head?.(code, headers);
    },
    message(message, text) {
      isLost ||= message.kind === "response" && saysLost(status, message);
      if (!isLost) listener.message(message, text);
    },
    ended(error) {
      const bare = error instanceof BareStatus && error.status === 404;
      listener.ended(isLost || bare ? new SessionLost(status, session) : error);
    },
  };
}

/** 404 by the specification; 400 by the examples of the SDKs, which many servers began as. */
function saysLost(status: number, { error }: RpcResponse): boolean {
  if (error === undefined || error["code"] === RPC_METHOD_NOT_FOUND) return false;
  return (
    status === 404 || (status === 400 && /session/i.test(JSON.stringify(error["message"] ?? "")))
  );
}
