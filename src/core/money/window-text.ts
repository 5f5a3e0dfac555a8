import { impossible } from "../../lib/impossible.ts";
import type { Window } from "./budget.ts";

/** In few words: `day@UTC`, `rolling 86400s`, `session`. */
export function windowText(window: Window): string {
  switch (window.kind) {
    case "calendar":
      return `${window.every}@${window.tz}`;
    case "rolling":
      return `rolling ${window.length / 1000}s`;
    case "session":
    case "lifetime":
      return window.kind;
    default:
      return impossible(window);
  }
}
