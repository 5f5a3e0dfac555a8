/** The fields of an answer's head, by their names in lower case. */
export interface HeadFields {
  get(name: string): string | undefined;
}
