/** `sallyport reviews`: calls that wait for a person, looked at and answered. */
import { Command } from "commander";
import { openReviewStore } from "../../app/ports/open-review-store.ts";
import { openConfiguredRedis } from "../../app/ports/open-shared-redis.ts";
import { NOBODY_TOLD } from "../../app/observe/store-events.ts";
import type { Caller } from "../../core/identity/caller.ts";
import { describeAction } from "../../core/policy/combine.ts";
import {
  REVIEW_WORDS,
  WAITING_STATUSES,
  type Review,
  type ReviewWordKind,
} from "../../core/review/review.ts";
import { printable } from "../../lib/printable.ts";
import { answerReview, assignReview, findReview } from "../../operations/reviews/answer-review.ts";
import type { ReviewPorts } from "../../operations/reviews/change-reviews.ts";
import { reviewJson } from "../../manage/native/review-json.ts";
import { loadFor } from "../config-options.ts";
import { atDesk, onDirectory, print, textOf, valueOf, type Options } from "./directory-desk.ts";
import { reviewLines } from "./review-view.ts";
import type { Shell } from "../shell.ts";

const REVIEWS_SHOWN = 200;

const SAYS = {
  acknowledge: "say that somebody is looking at it",
  approve: "let the call pass once",
  deny: "refuse the call",
  defer: "put it off; it may still be answered",
  escalate: "hand it on, with the next higher priority",
} as const satisfies Readonly<Record<ReviewWordKind, string>>;

const EXAMPLES = `
Examples:
  $ sallyport reviews list
  $ sallyport reviews approve rev_01k… --note "checked with the customer"
  $ sallyport reviews escalate rev_01k… --to ann,bob`;

export function reviewsCommand(shell: Shell): Command {
  const reviews = new Command("reviews").addHelpText("after", EXAMPLES);
  onDirectory(reviews.command("list").description("list the calls that wait"))
    .option("--all", "also those that were answered or have expired")
    .option("--agent <name>", "of this agent only")
    .action((options: Options) =>
      atReviews(options, shell, async ({ tenant }, { reviews: store }) => {
        const agent = textOf(options, "agent");
        const statuses = options["all"] === true ? [undefined] : WAITING_STATUSES;
        const query = { tenant, agent, limit: REVIEWS_SHOWN };
        const pages = await Promise.all(statuses.map((status) => store.list({ ...query, status })));
        const found = pages.flat();
        print(found.map(lineOf), found.map(reviewJson), options, shell);
      }),
    );
  onDirectory(reviews.command("show").description("print exactly what would be done"))
    .argument("<id>")
    .action((reviewId: string, options: Options) =>
      atReviews(options, shell, async (caller, ports) => {
        const review = valueOf(await findReview(caller, reviewId, ports));
        print(reviewLines(review), reviewJson(review), options, shell);
      }),
    );
  for (const kind of REVIEW_WORDS) addWord(reviews, kind, shell);
  onDirectory(reviews.command("assign").description("say who is expected to answer"))
    .argument("<id>")
    .argument("<people...>")
    .action((reviewId: string, people: readonly string[], options: Options) =>
      atReviews(options, shell, async (caller, ports) => {
        const review = valueOf(await assignReview(caller, reviewId, { assignedTo: people }, ports));
        print([lineOf(review)], reviewJson(review), options, shell);
      }),
    );
  return reviews;
}

function addWord(reviews: Command, kind: ReviewWordKind, shell: Shell): void {
  const command = onDirectory(reviews.command(kind).description(SAYS[kind]))
    .argument("<id>")
    .option("--note <text>", "for the record, and for the agent where it is denied");
  if (kind === "escalate")
    command.option("--to <people>", "who is asked instead, separated by commas");
  command.action((reviewId: string, options: Options) =>
    atReviews(options, shell, async (caller, ports) => {
      const approvers = textOf(options, "to")?.split(",");
      const word = { kind, note: textOf(options, "note"), approvers };
      const review = valueOf(await answerReview(caller, reviewId, word, ports));
      print([lineOf(review)], reviewJson(review), options, shell);
    }),
  );
}

function atReviews<T>(
  options: Options,
  shell: Shell,
  use: (caller: Caller, ports: ReviewPorts) => Promise<T>,
): Promise<T> {
  return atDesk(options, shell, async ({ caller, ports: { ledger, now } }) => {
    const { config } = loadFor(options, shell);
    await using started = new AsyncDisposableStack();
    const redis = await openConfiguredRedis(config, NOBODY_TOLD, started);
    const reviews = await openReviewStore(config, redis, now, started);
    // Awaited here: what is open is closed when this function ends.
    return await use(caller, { reviews, ledger, now });
  });
}

function lineOf(review: Review): string {
  const { id, status, priority, principal, action, expiresAt } = review;
  const what = printable(`${principal.agent}: ${describeAction(action)}`);
  return `${id}  ${status}  ${priority}  ${what}  until ${new Date(expiresAt).toISOString()}`;
}
