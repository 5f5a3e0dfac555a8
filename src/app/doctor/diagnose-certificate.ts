import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf } from "../../lib/caught.ts";
import { wallMillis } from "../../lib/clock.ts";
import { openListener } from "../listeners/http-listener.ts";
import type { ListenerConfig } from "../config/config.ts";
import type { Finding } from "./diagnose.ts";

/** Who renews by hand wants to hear of it before. */
const SOON_MS = 14 * 86_400_000;

/** Nothing for a listener in clear text. `key` is where the configuration has it. */
export async function diagnoseCertificate(
  key: string,
  listener: ListenerConfig,
): Promise<readonly Finding[]> {
  if (listener.tls === undefined) return [];
  const name = "certificate";
  try {
    (await openListener(listener, () => undefined))[Symbol.dispose]();
    const { validTo } = new X509Certificate(readFileSync(listener.tls.certFile));
    const end = Date.parse(validTo);
    const left = end - wallMillis();
    const until = `${key}: until ${new Date(end).toISOString()}`;
    if (left > SOON_MS) return [{ name, state: "ok", detail: until, remedy: undefined }];
    const state = left > 0 ? "warning" : "problem";
    const remedy = "renew it; the files are read again within a minute";
    return [{ name, state, detail: until, remedy }];
  } catch (error) {
    const remedy = `correct ${key}.tls; the gate does not start like this`;
    return [{ name, state: "problem", detail: messageOf(error), remedy }];
  }
}
