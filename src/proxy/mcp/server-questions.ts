/** What a server asks of the client in the middle of a call, and whether policy lets it. */
import type { McpAction } from "../../core/action.ts";
import type { JsonObject } from "../../core/json.ts";
import type { UpstreamName } from "../../core/units.ts";
import type { InterpretContext } from "../../pipeline/ask.ts";
import { serverMethodClass } from "./server-methods.ts";

/** Why a question goes no further, as findings name it. */
export type QuestionFault = "unknown-method" | "question-denied";

/** Each capability of a client, and the method it invites servers to. */
export const ASKED_BY_CAPABILITY = {
  sampling: "sampling/createMessage",
  elicitation: "elicitation/create",
} as const;

const NO_ARGUMENTS: JsonObject = {};

/** The questions of one upstream to one principal. */
export class ServerQuestions {
  readonly #context: InterpretContext;
  readonly #upstream: UpstreamName;

  constructor(context: InterpretContext, upstream: UpstreamName) {
    this.#context = context;
    this.#upstream = upstream;
  }

  /** `undefined`: it may be asked. Nobody can be waited for here, so `approve` is a no. */
  faultOf(method: string, params: JsonObject | undefined): QuestionFault | undefined {
    switch (serverMethodClass(method)) {
      case undefined:
        return "unknown-method";
      case "housekeeping":
        return undefined;
      case "ask": {
        const { snapshot, principal, now, marks } = this.#context;
        const facts = { now, marks, source: (): string => "" };
        const decision = snapshot.decide(principal, this.#action(method, params), facts);
        return decision.kind === "allow" ? undefined : "question-denied";
      }
    }
  }

  /** Whether policy could ever allow it: only then the server hears that the client could do it. */
  mayBeAsked(method: string): boolean {
    const { snapshot, principal } = this.#context;
    return snapshot.mayAllow(principal, this.#action(method, undefined));
  }

  #action(method: string, params: JsonObject | undefined): McpAction {
    const args = params ?? NO_ARGUMENTS;
    return { kind: "mcp", upstream: this.#upstream, method, name: undefined, args };
  }
}
