const BREAKS = /[\r\n]+/g;

/** JSON on one line. Breaks can only stand between its tokens: inside strings they are escaped. */
export function oneLine(json: string): string {
  return json.includes("\n") || json.includes("\r") ? json.replaceAll(BREAKS, " ") : json;
}
