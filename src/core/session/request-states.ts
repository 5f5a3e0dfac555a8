import type { Digest, ReviewId } from "../units.ts";

/**
 * To whom servers gave the state of a call that goes on once its client has answered. A state is all
 * that such a call goes on by, and many servers do not look who brings it. Never rejects; a promise only
 * where replicas share them.
 */
export interface RequestStateStore {
  /** `call` says who asked, and for what; `approval`: under which it went out. */
  give(state: string, call: string, approval?: CarriedApproval): void;
  /** False: it was given out through here, but not for this call. What is unknown its server knows. */
  mayBring(state: string, call: string): boolean | Promise<boolean>;
  /** The approval under which the call went out that goes on by this state. Good once. */
  carry(
    state: string,
    call: string,
  ): CarriedApproval | undefined | Promise<CarriedApproval | undefined>;
}

/** A person's yes to a call, for the rest of that call. */
export interface CarriedApproval {
  readonly review: ReviewId;
  /** Of the policy that asked for it: under another one it counts for nothing. */
  readonly policy: Digest;
}
