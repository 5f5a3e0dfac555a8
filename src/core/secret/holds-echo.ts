import { firstNeedle, needlesOf } from "./needles.ts";

/**
 * Whether a secret stands in the text in one of the forms that `echoesOf` made. They are ASCII,
 * because secrets are (`secretValueProblem`).
 */
export function holdsEcho(echoes: readonly string[], text: string): boolean {
  return firstNeedle(needlesOf(echoes), text, 0) !== -1;
}
