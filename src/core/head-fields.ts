/** The fields of an answer's head, by their names in lower case. */
export interface HeadFields {
  get(name: string): string | undefined;
  /** Those that the agent may get to see, each with its value; no such method: nobody knows. */
  all?(): Iterable<readonly [name: string, value: string]>;
  /** In place of what the agent would see. */
  put?(name: string, value: string): void;
}
