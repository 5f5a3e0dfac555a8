import type { Span } from "../../core/inspect/frame.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";

/** More parts open at once than any answer has; fewer than the gate can follow. */
const OPEN_PARTS_MAX = 250;

/** More text than nearly every answer has; a longer one is not counted here. */
const KEPT_CHARS_MAX = 262_144;

/** A span that knows where in the parsed event its text is. */
export interface TextSpan extends Span {
  readonly holder: JsonObject | undefined;
  readonly key: string;
}

/** The text parts of one streamed answer: which are open, and what the event at hand adds. */
export class TextParts {
  /** Spans of the event at hand. */
  spans: TextSpan[] = [];
  /** UTF-8 length of all text so far, for an estimate when the provider counts nothing. */
  bytes = 0;
  /** The text so far, for a count when the provider makes none. */
  text = "";
  /** Pieces that the text came in: each is a token or more. */
  pieces = 0;
  /** More parts are open than can be followed: what comes now is not read. */
  overflown = false;
  readonly #open = new Map<string, OpenPart>();
  #last = { group: "", name: "", part: "/" };

  /** All of the text is in `text`. */
  get whole(): boolean {
    return this.text.length < KEPT_CHARS_MAX;
  }

  begin(): void {
    if (this.spans.length > 0) this.spans = [];
  }

  /** `group`: what ends together. No string, no span. */
  add(group: string, name: string, holder: JsonObject, key: string): void {
    this.#add({ group, whole: false }, name, holder, key);
  }

  /** The same of a text that is held until it is complete. */
  addWhole(group: string, name: string, holder: JsonObject, key: string): void {
    this.#add({ group, whole: true }, name, holder, key);
  }

  #add({ group, whole }: OpenPart, name: string, holder: JsonObject, key: string): void {
    const text: JsonValue | undefined = holder[key];
    if (typeof text !== "string" || text === "") return;
    const part = this.#partOf(group, name);
    if (!this.#open.has(part)) {
      if (this.#open.size === OPEN_PARTS_MAX) this.overflown = true;
      else this.#open.set(part, { group, whole });
    }
    this.bytes += Buffer.byteLength(text);
    if (this.text.length < KEPT_CHARS_MAX) this.text += text;
    this.pieces += 1;
    this.spans.push({ part, text, whole, last: false, holder, key });
  }

  /** One string for a part's whole run: most events go on with the part of the one before. */
  #partOf(group: string, name: string): string {
    const last = this.#last;
    if (last.group === group && last.name === name) return last.part;
    const part = `${group}/${name}`;
    this.#last = { group, name, part };
    return part;
  }

  /** The group's parts end here; undefined: all parts do. */
  close(group?: string): void {
    for (const [part, open] of this.#open) {
      if (group !== undefined && open.group !== group) continue;
      this.#open.delete(part);
      const { whole } = open;
      this.spans.push({ part, text: "", whole, last: true, holder: undefined, key: "" });
    }
  }
}

interface OpenPart {
  readonly group: string;
  readonly whole: boolean;
}

/** Which of several: an index as the provider wrote it; 0 where it wrote none. */
export function indexIn(holder: JsonObject, key: string): number {
  const value = holder[key];
  return typeof value === "number" ? value : 0;
}
