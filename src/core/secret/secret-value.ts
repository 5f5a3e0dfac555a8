import { ECHO_CHARS_MIN } from "./echoes.ts";

/** Well below the header size that servers take. */
export const SECRET_CHARS_MAX = 8_192;
/** Of what is only delivered: a chain of certificates fits. */
export const DELIVERED_CHARS_MAX = 32_768;

/**
 * What keeps a value from being used as a credential, as a clause that never quotes it. Printable
 * ASCII only: CR and LF would write further headers, and anything else reads differently in the
 * encodings it may be echoed in.
 */
export function secretValueProblem(value: string): string | undefined {
  if (value.length === 0) return "it is empty";
  if (value.length < ECHO_CHARS_MIN) {
    return `it is shorter than ${ECHO_CHARS_MIN} characters, too short to be recognised in answers`;
  }
  if (value.length > SECRET_CHARS_MAX) return `it is longer than ${SECRET_CHARS_MAX} characters`;
  if (/[\r\n]/u.test(value)) return "it contains a line break";
  if (!/^[\x20-\x7e]*$/u.test(value)) return "it contains characters other than printable ASCII";
  if (value !== value.trim()) return "it starts or ends with a space";
  return undefined;
}

/** The header's name in the binding of a private key, which signs assertions and is never sent. */
export const CLIENT_KEY = "client-key";

/** By what is done with it: `binding` is undefined where it is only delivered. */
export function valueProblem(
  value: string,
  binding: { readonly header: string } | undefined,
): string | undefined {
  const isSent = binding !== undefined && binding.header !== CLIENT_KEY;
  return isSent ? secretValueProblem(value) : deliveredValueProblem(value);
}

/** As above, for a value that goes into no header: any text. */
export function deliveredValueProblem(value: string): string | undefined {
  if (value.length === 0) return "it is empty";
  if (value.length > DELIVERED_CHARS_MAX) {
    return `it is longer than ${DELIVERED_CHARS_MAX} characters`;
  }
  if (!value.isWellFormed()) return "it is not well-formed text";
  return undefined;
}
