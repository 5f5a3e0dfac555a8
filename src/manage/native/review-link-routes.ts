/** Reviews answered by a signed link, and by Slack's buttons. */
import { Type } from "typebox";
import { isJsonArray, isJsonObject, type JsonObject } from "../../core/json.ts";
import { id } from "../../core/units.ts";
import { parseStrictJsonText } from "../../lib/strict-json.ts";
import {
  answerByLink,
  makeLink,
  openLink,
  personNamed,
} from "../../operations/reviews/answer-by-link.ts";
import { answerReview } from "../../operations/reviews/answer-review.ts";
import { FAULTS, type Answer } from "../../core/fault.ts";
import type { Review } from "../../core/review/review.ts";
import type { Api } from "./api.ts";
import { IdParams } from "./fields.ts";
import { answer, sendFault } from "./problem.ts";
import { messagePage, PAGE_HEADERS, reviewPage } from "./review-page.ts";
import type { Services } from "./services.ts";

const FORM = "application/x-www-form-urlencoded";
const TokenQuery = Type.Object({ token: Type.String({ maxLength: 8_192 }) });
const FormText = Type.String({ maxLength: 65_536 });

const LinkJson = Type.Object(
  { url: Type.String({ description: "For this person alone; good for one answer." }) },
  { examples: [{ url: "https://gate.example.com/core/v1/reviews/answer?token=eyJ…" }] },
);
const ApproverJson = Type.Object(
  { approver: Type.String({ minLength: 1, maxLength: 128 }) },
  { additionalProperties: false, examples: [{ approver: "ann" }] },
);

export function reviewLinkRoutes(api: Api, services: Services): void {
  addLinks(api, services);
  void api.register(async (forms: Api) => {
    // Bodies of forms stay texts: their signature is over them as they came.
    forms.addContentTypeParser(FORM, { parseAs: "string" }, (_request, body, parsed) => {
      parsed(null, body);
    });
    addPages(forms, services);
    addSlack(forms, services);
  });
}

function addLinks(api: Api, { reviews, identity: { publicUrl } }: Services): void {
  api.post(
    "/reviews/:id/links",
    {
      schema: {
        summary: "Make a link by which one approver can answer",
        description: "For a mail or a message of your own. It shows the call and two buttons.",
        tags: ["reviews"],
        params: IdParams,
        body: ApproverJson,
        response: { 201: LinkJson },
      },
      config: { access: { role: "admin", scope: "reviews:write" }, idempotent: true },
    },
    async ({ caller, params, body }, reply) => {
      const made = await makeLink(caller, params.id, body.approver, reviews);
      return answer(reply, 201, made, (token) => ({
        url: `${publicUrl}/core/v1/reviews/answer?token=${token}`,
      }));
    },
  );
}

/** A GET only shows: mail scanners and previews follow links, too. */
function addPages(api: Api, { reviews }: Services): void {
  const config = { access: "public", raw: true } as const;
  const schema = { hide: true, querystring: TokenQuery };
  api.get("/reviews/answer", { schema, config }, async ({ query }, reply) => {
    const opened = await openLink(query.token, reviews);
    void reply.headers(PAGE_HEADERS);
    if (opened.kind === "fault") {
      return reply.code(FAULTS[opened.fault.code].status).send(messagePage(opened.fault.detail));
    }
    const { review, approver } = opened.value;
    return reply.send(reviewPage(review, approver.name));
  });
  const form = { ...schema, body: FormText };
  api.post("/reviews/answer", { schema: form, config }, async ({ query, body }, reply) => {
    const said = new URLSearchParams(body);
    const kind = said.get("word") === "approve" ? "approve" : "deny";
    const note = said.get("note")?.slice(0, 500) || undefined;
    const answered = await answerByLink(query.token, { kind, note }, reviews);
    void reply.headers(PAGE_HEADERS);
    const status = answered.kind === "fault" ? FAULTS[answered.fault.code].status : 200;
    return reply.code(status).send(messagePage(toldOf(answered)));
  });
}

/** @see https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
function addSlack(api: Api, { reviews, subscriptions }: Services): void {
  api.post(
    "/slack/actions",
    { schema: { hide: true, body: FormText }, config: { access: "public", raw: true } },
    async ({ headers, body }, reply) => {
      const timestamp = String(headers["x-slack-request-timestamp"] ?? "");
      const signature = String(headers["x-slack-signature"] ?? "");
      if (!reviews.slack.isFromSlack({ body, timestamp, signature })) {
        return sendFault(reply, {
          code: "unauthenticated",
          detail: "This is not from Slack, or older than five minutes by this clock.",
        });
      }
      const click = readClick(new URLSearchParams(body).get("payload") ?? "");
      if (click === undefined) {
        return sendFault(reply, { code: "invalid", detail: "This is no answer to a review." });
      }
      const person = reviews.slack.personOf(click.user);
      const told = await answerClick(click, person, reviews);
      if (click.respondTo !== undefined) {
        const content = JSON.stringify({ replace_original: false, text: told });
        const json = { "content-type": "application/json" };
        void subscriptions.couriers.post({ url: click.respondTo, headers: json, body: content });
      }
      return reply.send({ text: told });
    },
  );
}

interface Click {
  readonly user: string;
  readonly kind: "approve" | "deny";
  readonly tenant: string;
  readonly review: string;
  readonly respondTo: string | undefined;
}

async function answerClick(
  { kind, tenant, review, user }: Click,
  person: string | undefined,
  ports: Services["reviews"],
): Promise<string> {
  if (person === undefined) return `Nobody here knows who ${user} is: see reviews.slack.people.`;
  const caller = await personNamed(id(tenant), person, ports);
  return toldOf(await answerReview(caller, review, { kind, note: "in Slack" }, ports));
}

function toldOf(answered: Answer<Review>): string {
  if (answered.kind === "fault") return answered.fault.detail;
  const { status, id: reviewId } = answered.value;
  if (status === "acknowledged") return `Noted: review ${reviewId} needs one more person.`;
  return `Review ${reviewId} is ${status}.`;
}

/** Slack's own host only: whoever answers elsewhere would be told by us. */
const RESPONSE_URL = /^https:\/\/hooks\.slack\.com\//;

function readClick(payload: string): Click | undefined {
  const reading = parseStrictJsonText(payload);
  const value = reading.kind === "ok" ? reading.value : undefined;
  if (!isJsonObject(value) || value["type"] !== "block_actions") return undefined;
  const { user, actions, response_url: url } = value;
  const [action] = isJsonArray(actions) ? actions : [];
  if (!isJsonObject(user) || !isJsonObject(action)) return undefined;
  return clickOf(user, action, typeof url === "string" && RESPONSE_URL.test(url) ? url : undefined);
}

function clickOf(
  { id: user }: JsonObject,
  { action_id: kind, value }: JsonObject,
  respondTo: string | undefined,
): Click | undefined {
  if (kind !== "approve" && kind !== "deny") return undefined;
  if (typeof user !== "string" || typeof value !== "string") return undefined;
  const [tenant = "", review = ""] = value.split("|");
  return { user, kind, tenant, review, respondTo };
}
