/**
 * Secrets that the gate keeps for itself in a tenant's vault. They are nobody's to list, change or
 * borrow, and no secret of an operator's can have such a name.
 */
import { id as brand, type SecretName } from "../units.ts";

/** The id of a subscription is the gate's choice (`newId`), so nothing else is caught by it. */
const OWN = /^subscription\.sub_[0-9a-z]{26}$/;

/** What a subscription's messages are signed with, or sent to. */
export function subscriptionSecret(id: string): SecretName {
  return brand(`subscription.${id}`);
}

export function isOwnSecret(name: SecretName): boolean {
  return OWN.test(name);
}
