/** A review is answered by whoever holds a link that was made for them. */
import { done, fault, type Answer } from "../../core/fault.ts";
import type { Caller } from "../../core/identity/caller.ts";
import type { DirectoryStore } from "../../core/identity/directory-store.ts";
import type { ApprovalLinks } from "../../core/review/approval-link.ts";
import type { Review } from "../../core/review/review.ts";
import type { TenantId } from "../../core/units.ts";
import { answerReview, findReview, type Word } from "./answer-review.ts";
import type { ReviewPorts } from "./change-reviews.ts";
import { mayAnswer } from "./may-answer.ts";

export interface LinkPorts extends ReviewPorts {
  readonly links: ApprovalLinks;
  readonly directory: Pick<DirectoryStore, "byName" | "list">;
}

export interface OpenLink {
  readonly review: Review;
  readonly approver: Caller;
}

/** The token of a link for this person, who must be one of the review's approvers. */
export async function makeLink(
  caller: Caller,
  reviewId: string,
  approver: string,
  ports: LinkPorts,
): Promise<Answer<string>> {
  const found = await findReview(caller, reviewId, ports);
  if (found.kind === "fault") return found;
  const { id: review, expiresAt } = found.value;
  const { tenant } = caller;
  if (!mayAnswer(await personNamed(tenant, approver, ports), found.value)) {
    return fault("invalid", `${approver} may not answer this review.`, { pointer: "/approver" });
  }
  return done(await ports.links.issue({ review, tenant, approver, expiresAt }));
}

const SPENT = fault("not_found", "This link is over: it was used, or its time has passed.");

/** A link is good for one word of its person. */
export async function openLink(token: string, ports: LinkPorts): Promise<Answer<OpenLink>> {
  const link = await ports.links.read(token);
  if (link === undefined) return SPENT;
  const approver = await personNamed(link.tenant, link.approver, ports);
  const found = await findReview(approver, link.review, ports);
  if (found.kind === "fault") return SPENT;
  const review = found.value;
  const isUsed = review.words.some(({ by }) => by === link.approver);
  return isUsed || !mayAnswer(approver, review) ? SPENT : done({ review, approver });
}

export async function answerByLink(
  token: string,
  word: Word,
  ports: LinkPorts,
): Promise<Answer<Review>> {
  const opened = await openLink(token, ports);
  if (opened.kind === "fault") return opened;
  const { review, approver } = opened.value;
  return answerReview(approver, review.id, word, ports);
}

/** With the role that they have in the directory now; a name that is no user's has none. */
export async function personNamed(
  tenant: TenantId,
  name: string,
  { directory }: Pick<LinkPorts, "directory">,
): Promise<Caller> {
  const user = await directory.byName("user", name.toLowerCase());
  const known = user?.tenant === tenant && user.body.active ? user : undefined;
  const caller = { kind: "token", name, tenant, scopes: [], agent: undefined } as const;
  if (known === undefined) return { ...caller, id: name, role: "viewer" };
  return { ...caller, id: known.id, user: known.body.username, role: known.body.role };
}

const USERS_MAX = 1_000;

/** Undefined: the address is no user's, or not that of an approver. */
export async function linkForMail(
  tenant: TenantId,
  reviewId: string,
  address: string,
  ports: LinkPorts,
): Promise<string | undefined> {
  const wanted = address.toLowerCase();
  const users = await ports.directory.list("user", { tenant, limit: USERS_MAX });
  const user = users.find(({ body }) => body.email.toLowerCase() === wanted);
  if (user === undefined) return undefined;
  const approver = await personNamed(tenant, user.body.username, ports);
  const made = await makeLink(approver, reviewId, user.body.username, ports);
  return made.kind === "done" ? made.value : undefined;
}
