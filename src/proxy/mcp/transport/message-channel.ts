import type { RpcMessage } from "../rpc-message.ts";

/** One conversation with an MCP server that is no HTTP exchange: a process, a legacy stream. */
export interface MessageChannel {
  /** The text of one message. What is sent before the channel stands waits for it. */
  send(text: string): void;
  /** Ends the conversation; `closed` still follows. */
  close(): void;
}

export interface ChannelListener {
  /** In order. `text` is what was received, without line breaks around it. */
  message(message: RpcMessage, text: string): void;
  /** A line or event that is no MCP message; `answered`: the call whose answer it should be. */
  unreadable(answered: number | undefined): void;
  /** Once; nothing follows. */
  closed(reason: Error): void;
}

export type OpenChannel = (listener: ChannelListener) => MessageChannel;

/** What the other side may send as one message. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
