import { sha256Hex } from "../../lib/canonical-json.ts";
import type { Instant } from "../units.ts";
import type { Happening, Notification } from "./notification.ts";

const ID_CHARS = 32;

/** What happened to one thing has one id, whoever tells of it and however often. */
export function notificationOf({ key, ...happening }: Happening, at: Instant): Notification {
  const { tenant, event } = happening;
  const id = `ntf_${sha256Hex(`${tenant}\n${event}\n${key}`).slice(0, ID_CHARS)}`;
  return { ...happening, id, at };
}
