/** The part of a record that says which money a call may spend. */
import { impossible } from "../../lib/impossible.ts";
import type { BudgetUnit, Hold, Reservation } from "../money/budget.ts";
import { escapePart } from "../money/instance.ts";
import { digits, NAMES_MAX, quote } from "./json-text.ts";
import { keptText, type Said } from "./kept-text.ts";

/** A person, and what is recorded in their place. */
export interface Concealed {
  readonly user: string | undefined;
  readonly token: string | undefined;
}

/** The member that says what is held, behind the text so far. */
export function reservation(before: string, made: Reservation, whom: Concealed): string {
  switch (made.kind) {
    case "unmetered":
      return `${before},"reservation":{"kind":"unmetered"}`;
    case "held": {
      let out = `${before},"reservation":{"holds":[`;
      let count = 0;
      for (const one of made.holds) {
        if (count === NAMES_MAX) break;
        if (count > 0) out += ",";
        out += '{"amount":';
        out += digits(one.amount);
        out += hold(one, whom);
        count += 1;
      }
      return `${out}],"kind":"held"}`;
    }
    default:
      return impossible(made);
  }
}

function hold({ budget, key, resetsAt }: Hold, { user, token }: Concealed): string {
  const { id, unit } = budget;
  return held({ name: id, unit, key, resetsAt, user, token });
}

const held = keptText(
  ({ name, key, resetsAt, token, unit, user }: SaidOfHold) => {
    const resets = resetsAt === undefined ? "" : `,"resets_at":${digits(resetsAt)}`;
    return (
      `,"budget":${quote(name)},"key":${quote(concealedKey(key, { user, token }))}` +
      `${resets},"unit":"${unit}"}`
    );
  },
  (now, before) =>
    now.key === before.key &&
    now.resetsAt === before.resetsAt &&
    now.unit === before.unit &&
    now.user === before.user &&
    now.token === before.token,
);

interface SaidOfHold extends Said, Concealed, Pick<Hold, "key" | "resetsAt"> {
  readonly unit: BudgetUnit;
}

/** A budget per user has the user's name among the parts of its key. */
function concealedKey(key: string, { user, token }: Concealed): string {
  if (user === undefined || token === undefined || user === token) return key;
  const part = escapePart(user);
  return key
    .split(KEY_PARTS)
    .map((one) => (one === part ? token : one))
    .join("");
}

/** With what stands between them. */
const KEY_PARTS = /([|,:])/u;
