/** What the own tools found out, in words for a model and in data for a program. */
import type { JsonObject } from "../../../core/json.ts";
import { formatAmount } from "../../../core/money/usd.ts";
import type { Refusal } from "../../../core/refusal.ts";
import type { BudgetReport, BudgetState } from "../../../operations/planning/budget-status.ts";
import type { Permission } from "../../../operations/planning/check-permission.ts";
import type { RecentRefusal } from "../../../operations/planning/recent-refusals.ts";
import type { ApprovalReply } from "../../../operations/planning/request-approval.ts";
import { refusalMessage } from "../../refusals/refusal-message.ts";
import type { OwnAnswer } from "./own-tools.ts";

export function permissionText(permission: Permission): OwnAnswer {
  switch (permission.kind) {
    case "deny":
      return refusalText(permission.refusal);
    case "allow": {
      const { decision, budgets } = permission;
      const text = `This would be allowed. ${budgetLines(budgets)}`.trim();
      const data = { decision: "allow", rules: decision.because, ...budgetData(budgets) };
      return { kind: "answer", text, data };
    }
    case "approve": {
      const { decision, budgets } = permission;
      const approvers = decision.kind === "escalate" ? decision.approval.approvers : [];
      const who = approvers.length === 0 ? "an operator" : approvers.join(", ");
      const text = `This needs approval by ${who}: use request_approval. ${budgetLines(budgets)}`;
      const data = { decision: "approve", rules: decision.because, approvers };
      return { kind: "answer", text: text.trim(), data: { ...data, ...budgetData(budgets) } };
    }
  }
}

export function approvalText(reply: ApprovalReply): OwnAnswer {
  switch (reply.kind) {
    case "not_needed": {
      const text = "No approval is needed: make the call.";
      return { kind: "answer", text, data: { status: "not_needed" } };
    }
    case "granted": {
      const text = "It is approved: make the call, with exactly these arguments.";
      return { kind: "answer", text, data: { status: "approved" } };
    }
    case "pending": {
      const { detail, review = null } = reply.refusal;
      const text = `${detail} Make the call once it is approved, with exactly these arguments.`;
      return { kind: "answer", text, data: { status: "pending", review, detail } };
    }
    case "refused":
      return refusalText(reply.refusal);
  }
}

export function refusalText(refusal: Refusal): OwnAnswer {
  const { code, detail, remedy = null, rules = [], review = null } = refusal;
  const data = { decision: "deny", code, detail, remedy, rules, review };
  return { kind: "answer", text: refusalMessage(refusal), data };
}

/** As it was said then. */
export function remembered({ code, detail, rules, review }: RecentRefusal): Refusal {
  return { code, detail, rules, ...(review !== undefined && { review }) };
}

export function budgetsText(report: BudgetReport): OwnAnswer {
  const lines = budgetLines(report);
  const text = lines === "" ? "No budget binds you here." : lines;
  return { kind: "answer", text, data: budgetData(report) };
}

function budgetLines(report: BudgetReport): string {
  if (report.kind === "unreachable") return "Budgets cannot be checked now.";
  return report.states.map(budgetLine).join(" ");
}

function budgetLine({ budget, left, resetsAt }: BudgetState): string {
  const per = budget.per.length === 0 ? "" : ` for each ${budget.per.join(" and ")}`;
  const of = `${formatAmount(budget.unit, left)} of ${formatAmount(budget.unit, budget.limit)}`;
  const resets = resetsAt === undefined ? "" : `; it resets at ${timeText(resetsAt)}`;
  return `Budget ${budget.id}${per} has ${of} left${resets}.`;
}

function budgetData(report: BudgetReport): JsonObject {
  if (report.kind === "unreachable") return { budgets: null };
  const budgets = report.states.map(({ budget, spent, held, left, resetsAt }) => ({
    id: budget.id,
    unit: budget.unit,
    per: budget.per,
    limit: budget.limit,
    spent,
    held,
    left,
    resets_at: resetsAt === undefined ? null : timeText(resetsAt),
  }));
  return { budgets };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
