/** A listener's certificate cannot be used; the message says which file and why. */
export class TlsFault extends Error {}
