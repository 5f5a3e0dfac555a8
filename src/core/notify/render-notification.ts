/** A notification in the form that its receiver reads. */
import { impossible } from "../../lib/impossible.ts";
import { printable } from "../../lib/printable.ts";
import type { Notification } from "./notification.ts";
import type { Format } from "./subscription.ts";

export interface HttpMessage {
  readonly contentType: string;
  readonly body: string;
}

export interface MailMessage {
  readonly subject: string;
  readonly text: string;
}

/** @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export function renderHttp(
  notification: Notification,
  format: Exclude<Format, "email">,
): HttpMessage {
  switch (format) {
    case "webhook":
      return json({
        type: notification.event,
        timestamp: timeOf(notification),
        data: contentOf(notification),
      });
    case "cloudevents":
      return { ...json(cloudEvent(notification)), contentType: "application/cloudevents+json" };
    case "slack":
      return json(slackMessage(notification));
    default:
      return impossible(format);
  }
}

/** Controls are shown, not sent: a line break in the subject would begin a header. */
export function renderMail(notification: Notification, link?: string): MailMessage {
  const { event, summary, subject, data } = notification;
  const lines = Object.entries(data).map(([name, value]) => `${name}: ${printable(String(value))}`);
  const head = [printable(summary), "", `event: ${event}`, `subject: ${printable(subject)}`];
  return {
    subject: `[Sallyport] ${event}: ${printable(subject)}`,
    text: [
      ...head,
      `time: ${timeOf(notification)}`,
      ...lines,
      `id: ${notification.id}`,
      ...(link === undefined ? [] : ["", "Answer it (for you alone, once):", link]),
      "",
    ].join("\n"),
  };
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
function cloudEvent(notification: Notification) {
  return {
    specversion: "1.0",
    id: notification.id,
    source: `urn:sallyport:tenant:${notification.tenant}`,
    type: `io.sallyport.${notification.event}`,
    time: timeOf(notification),
    subject: notification.subject,
    datacontenttype: "application/json",
    data: contentOf(notification),
  };
}

/** @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function slackMessage(notification: Notification) {
  const { event, summary, data } = notification;
  const text = `*${event}* ${escapeMarkup(summary)}`;
  const fields = Object.entries(data)
    .slice(0, SLACK_FIELDS_MAX)
    .map(([name, value]) => ({
      type: "mrkdwn",
      text: `*${name}*\n${escapeMarkup(String(value)).slice(0, SLACK_FIELD_CHARS_MAX)}`,
    }));
  const section = { type: "section", text: { type: "mrkdwn", text } };
  const blocks: object[] = [section];
  if (fields.length > 0) blocks.push({ type: "section", fields });
  if (isAsking(notification)) blocks.push(slackButtons(notification));
  return { text, blocks };
}

/** Whether somebody is asked to answer a review. */
export function isAsking({ event, data }: Notification): boolean {
  const asks = event === "approval_requested" || event === "escalation" || event === "sla_breached";
  return asks && typeof data["review"] === "string";
}

/** Where Slack's app posts to /core/v1/slack/actions, these answer. */
function slackButtons({ tenant, data }: Notification) {
  const value = `${tenant}|${String(data["review"])}`;
  const button = (kind: "approve" | "deny", text: string, style: string) => ({
    type: "button",
    action_id: kind,
    style,
    value,
    text: { type: "plain_text", text },
  });
  const elements = [button("approve", "Approve once", "primary"), button("deny", "Deny", "danger")];
  return { type: "actions", elements };
}

/** Slack refuses more. */
const SLACK_FIELDS_MAX = 10;
const SLACK_FIELD_CHARS_MAX = 1_000;

/** `<!channel>` and links are Slack's markup. */
function escapeMarkup(text: string): string {
  return printable(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function contentOf({ tenant, subject, summary, data }: Notification) {
  return { tenant, subject, summary, ...data };
}

function timeOf({ at }: Notification): string {
  return new Date(at).toISOString();
}

function json(value: unknown): HttpMessage {
  return { contentType: "application/json", body: JSON.stringify(value) };
}
