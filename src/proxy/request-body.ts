import type { IncomingMessage } from "node:http";
import type { BodyLimits } from "./data-plane-limits.ts";
import { joinChunks } from "./join-chunks.ts";

export type BodyReading =
  | { readonly kind: "ok"; readonly bytes: Buffer }
  | { readonly kind: "too_large" }
  /** Slower than the slowest honest client; the connection is not worth keeping. */
  | { readonly kind: "too_slow" }
  /** The client left, or its framing broke. */
  | { readonly kind: "gone" };

/**
 * Reads a body whole, at most `bytesMax`. A client must send something every `idle` ms and, once
 * `grace` ms have gone by, keep up `bytesPerSecondMin` on average.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  limits: BodyLimits,
): Promise<BodyReading> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > bytesMax) return Promise.resolve({ kind: "too_large" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let sizeAtCheck = 0;
    let waited = 0;
    const settle = (reading: BodyReading): void => {
      clearInterval(timer);
      request.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      if (reading.kind !== "ok") request.on("error", () => {}).pause();
      resolve(reading);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > bytesMax) settle({ kind: "too_large" });
      else chunks.push(chunk);
    };
    const onEnd = (): void => settle({ kind: "ok", bytes: joinChunks(chunks) });
    const onGone = (): void => settle({ kind: "gone" });
    const timer = setInterval(() => {
      waited += limits.idle;
      const stalled = size === sizeAtCheck;
      const trickling = waited >= limits.grace && size < (waited / 1000) * limits.bytesPerSecondMin;
      if (stalled || trickling) settle({ kind: "too_slow" });
      sizeAtCheck = size;
    }, limits.idle);
    request.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
  });
}
