/**
 * What a condition can read of a call on the record. What was not kept fails when it is read, and is
 * remembered: a condition that comes to true or false all the same did not depend on it, because
 * CEL's `&&` and `||` only pass over a failed side that the other side outweighs.
 */
import type { JsonObject, JsonValue } from "../json.ts";
import {
  ConditionScope,
  HttpVariable,
  PrincipalVariable,
  SessionVariable,
} from "../policy/condition-scope.ts";
import type { PolicyFacts } from "../policy/policy-snapshot.ts";
import type { RecordedCall } from "./recorded-call.ts";

/** What conditions may ask for and records do not hold. */
export type Unkept =
  | "arguments"
  | "body"
  | "query"
  | "session.marks"
  | "session.risk"
  | "principal.user"
  | "findings";

export class RecordedScope extends ConditionScope {
  readonly #call: RecordedCall;
  readonly #facts: PolicyFacts;
  #missed: Unkept | undefined;

  constructor(call: RecordedCall) {
    const facts = factsOf(call);
    super(call.principal, call.action, facts);
    this.#call = call;
    this.#facts = facts;
  }

  /** What was asked for in vain since the last time that this was asked. */
  takeMissed(): Unkept | undefined {
    const missed = this.#missed;
    this.#missed = undefined;
    return missed;
  }

  override get args(): JsonObject | undefined {
    return "args" in this.#call.action || this.#call.action.kind === "mcp"
      ? this.#miss("arguments")
      : undefined;
  }

  override get body(): JsonValue | undefined {
    return "body" in this.#call.action ? this.#miss("body") : undefined;
  }

  override get findings(): readonly JsonObject[] {
    return this.#call.findings === undefined ? this.#miss("findings") : super.findings;
  }

  override get principal(): PrincipalVariable {
    const { principal } = this.#call;
    const variable = new PrincipalVariable(principal);
    // Recorded under another name, so that it can be erased.
    return principal.user === undefined ? variable : this.#without(variable, "user");
  }

  override get session(): SessionVariable {
    const variable = new SessionVariable(this.#call.principal, this.#facts);
    return this.#without(this.#without(variable, "marks"), "risk");
  }

  override get http(): HttpVariable | undefined {
    const { action } = this.#call;
    return action.kind === "http" ? this.#without(new HttpVariable(action), "query") : undefined;
  }

  #without<T extends object>(variable: T, field: keyof typeof FIELDS): T {
    const get = (): never => this.#miss(FIELDS[field]);
    return Object.defineProperty(variable, field, { get, enumerable: true });
  }

  #miss(what: Unkept): never {
    this.#missed = what;
    throw new TypeError(`${what} is not on record`);
  }
}

const FIELDS = {
  user: "principal.user",
  marks: "session.marks",
  risk: "session.risk",
  query: "query",
} as const satisfies Record<string, Unkept>;

function factsOf({ at, findings = [] }: RecordedCall): PolicyFacts {
  return { now: at, marks: [], source: () => "", findings };
}
