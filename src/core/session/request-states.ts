/**
 * To whom servers gave the state of a call that goes on once its client has answered. A state is all
 * that such a call goes on by, and many servers do not look who brings it.
 */
export interface RequestStateStore {
  /** `call` says who asked, and for what. */
  give(state: string, call: string): void;
  /** False: it was given out through here, but not for this call. What is unknown its server knows. */
  mayBring(state: string, call: string): boolean;
}
