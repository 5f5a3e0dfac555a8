/**
 * Parts of a request that cost more tokens than they have bytes: a picture may be a short URL or
 * well compressed, and a document's pages are not in its name.
 */
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";

export interface UnseenMedia {
  images: number;
  /** Documents, files, video: as much as the model can read. */
  unbounded: boolean;
}

export type MediaKind = "image" | "unbounded" | undefined;

/** `value` comes from the strict parser, which bounds its depth. */
export function unseenMedia(
  value: JsonValue | undefined,
  kindOf: (part: JsonObject) => MediaKind,
): UnseenMedia {
  const found: UnseenMedia = { images: 0, unbounded: false };
  visit(value, kindOf, found);
  return found;
}

function visit(
  value: JsonValue | undefined,
  kindOf: (part: JsonObject) => MediaKind,
  found: UnseenMedia,
): void {
  if (isJsonArray(value)) {
    for (const item of value) if (typeof item === "object") visit(item, kindOf, found);
    return;
  }
  if (!isJsonObject(value)) return;
  const kind = kindOf(value);
  if (kind === "image") found.images += 1;
  else if (kind === "unbounded") found.unbounded = true;
  else {
    for (const key in value) {
      const member = value[key];
      if (typeof member === "object") visit(member, kindOf, found);
    }
  }
}
