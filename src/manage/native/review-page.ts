/** What a person sees who follows a link: what would be done, and two buttons. No scripts. */
import type { Review } from "../../core/review/review.ts";
import { actionJson } from "./review-json.ts";

/**
 * The token stands in the address: it must leave this origin by no way. Under `no-referrer` browsers
 * send the form with `Origin: null`, which nobody could tell from a foreign page's.
 */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; " +
    "base-uri 'none'",
} as const;

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}
pre{background:#8881;padding:.8rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
dt{font-weight:600}dd{margin:0 0 .6rem}textarea{width:100%;box-sizing:border-box}
button{font:inherit;padding:.5rem 1.4rem;margin:.8rem .6rem 0 0}
@media(prefers-color-scheme:dark){:root{color-scheme:dark}}`;

export function reviewPage(review: Review, approver: string): string {
  const { principal, rules, origin, expiresAt, priority } = review;
  const { target, detail } = actionJson(review.action);
  const facts: readonly (readonly [string, string])[] = [
    ["Agent", principal.agent],
    ["Session", principal.session],
    ["Call", target],
    ["Rules", rules.join(", ") || "none"],
    ...(origin.kind === "request" ? [["Reason", origin.reason] as const] : []),
    ["Priority", priority],
    ["Until", new Date(expiresAt).toISOString()],
    ["You are", approver],
  ];
  const what = detail === null ? "" : `<pre>${escapeHtml(detailText(detail))}</pre>`;
  const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return page(
    "An agent asks for approval",
    `<dl>${list.join("")}</dl>${what}` +
      `<form method="post"><label>Note<textarea name="note" maxlength="500" rows="2"></textarea>` +
      `</label><button name="word" value="approve">Approve once</button>` +
      `<button name="word" value="deny">Deny</button></form>`,
  );
}

function detailText(detail: unknown): string {
  return JSON.stringify(detail, undefined, 2) ?? "";
}

export function messagePage(message: string): string {
  return page("Approval", `<p>${escapeHtml(message)}</p>`);
}

function page(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width"><title>${title}</title>` +
    `<style>${STYLE}</style><h1>${title}</h1>${body}</html>`
  );
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
