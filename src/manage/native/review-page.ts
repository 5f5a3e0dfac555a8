/** What a person sees who follows a link: what would be done, and two buttons. No scripts. */
import type { Review } from "../../core/review/review.ts";
import { actionJson } from "./review-json.ts";

/** The token stands in the address: it must leave the page by no way. */
export const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
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
  const list = facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`);
  return page(
    "An agent asks for approval",
    `<dl>${list.join("")}</dl><pre>${escapeHtml(JSON.stringify(detail, undefined, 2) ?? "")}</pre>` +
      `<form method="post"><label>Note<textarea name="note" maxlength="500" rows="2"></textarea>` +
      `</label><button name="word" value="approve">Approve once</button>` +
      `<button name="word" value="deny">Deny</button></form>`,
  );
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
