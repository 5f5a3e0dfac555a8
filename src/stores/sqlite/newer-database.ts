/** A newer Sallyport wrote it: what it holds would be misread, and then written over. */
export class NewerDatabase extends Error {
  constructor(path: string) {
    super(`${path} was written by a newer Sallyport`);
  }
}
