/**
 * What a condition can read. The CEL library recognises a typed value by its constructor, hence the
 * classes: one for each variable with fields, read field by field and only when asked for.
 */
import type { Action, HttpAction, LlmAction, McpAction, ToolAction } from "../action.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { Principal } from "../principal.ts";
import type { RiskLevel } from "../session/conduct.ts";
import { CLEARANCE_DEFAULT } from "../identity/directory-entry.ts";
import type { PolicyFacts } from "./policy-snapshot.ts";

export class PrincipalVariable {
  readonly agent: string;
  readonly tenant: string;
  readonly team: string;
  readonly user: string;
  readonly run: string;
  /** CEL integers are bigints. */
  readonly clearance: bigint;
  readonly tags: Readonly<Record<string, string>>;
  readonly proven_by: string;

  constructor(principal: Principal) {
    this.agent = principal.agent;
    this.tenant = principal.tenant;
    this.team = principal.team ?? "";
    this.user = principal.user ?? "";
    this.run = principal.run ?? "";
    this.clearance = BigInt(principal.clearance ?? CLEARANCE_DEFAULT);
    this.tags = principal.tags;
    this.proven_by = principal.provenBy;
  }
}

export class SessionVariable {
  readonly id: string;
  readonly marks: readonly string[];
  readonly risk: RiskLevel;

  constructor(principal: Principal, facts: PolicyFacts) {
    this.id = principal.session;
    this.marks = facts.marks;
    this.risk = facts.risk ?? "LOW";
  }
}

class LlmVariable {
  readonly upstream: string;
  readonly model: string;
  readonly operation: string;
  readonly stream: boolean;
  /** CEL integers are bigints. Undefined where the client set no cap: reading it fails. */
  readonly output_tokens: bigint | undefined;

  constructor(action: LlmAction) {
    this.upstream = action.upstream;
    this.model = action.model;
    this.operation = action.operation;
    this.stream = action.stream;
    const cap = action.outputTokens;
    this.output_tokens = Number.isSafeInteger(cap) ? BigInt(cap ?? 0) : undefined;
  }
}

class ToolVariable {
  readonly upstream: string;
  readonly name: string;

  constructor(action: ToolAction) {
    this.upstream = action.upstream;
    this.name = action.tool;
  }
}

export class HttpVariable {
  readonly upstream: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(action: HttpAction) {
    this.upstream = action.upstream;
    this.method = action.method;
    this.host = action.host;
    this.path = action.path;
    this.query = action.query;
  }
}

class McpVariable {
  readonly upstream: string;
  readonly method: string;
  readonly name: string | undefined;

  constructor(action: McpAction) {
    this.upstream = action.upstream;
    this.method = action.method;
    this.name = action.name;
  }
}

/** The variables of one decision. Getters: a variable that no condition reads costs nothing. */
export class ConditionScope {
  readonly #principal: Principal;
  readonly #action: Action;
  readonly #facts: PolicyFacts;

  constructor(principal: Principal, action: Action, facts: PolicyFacts) {
    this.#principal = principal;
    this.#action = action;
    this.#facts = facts;
  }

  get agent(): string {
    return this.#principal.agent;
  }

  get team(): string {
    return this.#principal.team ?? "";
  }

  get principal(): PrincipalVariable {
    return new PrincipalVariable(this.#principal);
  }

  get session(): SessionVariable {
    return new SessionVariable(this.#principal, this.#facts);
  }

  get now(): Date {
    return new Date(this.#facts.now);
  }

  get findings(): readonly JsonObject[] {
    return (this.#facts.findings ?? []).map(({ detector, signature, rule, score, part }) => {
      return { detector, signature, rule, score, part };
    });
  }

  get args(): JsonObject | undefined {
    return "args" in this.#action ? this.#action.args : undefined;
  }

  get body(): JsonValue | undefined {
    return "body" in this.#action ? this.#action.body : undefined;
  }

  get tool(): ToolVariable | undefined {
    return this.#action.kind === "tool" ? new ToolVariable(this.#action) : undefined;
  }

  get llm(): LlmVariable | undefined {
    return this.#action.kind === "llm" ? new LlmVariable(this.#action) : undefined;
  }

  get http(): HttpVariable | undefined {
    return this.#action.kind === "http" ? new HttpVariable(this.#action) : undefined;
  }

  get mcp(): McpVariable | undefined {
    return this.#action.kind === "mcp" ? new McpVariable(this.#action) : undefined;
  }
}

export type ConditionVariable =
  | { readonly kind: "value"; readonly type: string; readonly meaning: string }
  | {
      readonly kind: "fields";
      readonly ctor: abstract new (...args: never[]) => unknown;
      /** Type, as CEL names it, and meaning. */
      readonly fields: Readonly<Record<string, readonly [type: string, meaning: string]>>;
    };

const UPSTREAM = ["string", "name of the upstream in the configuration"] as const;

/** Everything a condition may name; the language reference is printed from it. */
export const CONDITION_VARIABLES: Readonly<Record<string, ConditionVariable>> = {
  agent: { kind: "value", type: "string", meaning: "id of the agent" },
  team: { kind: "value", type: "string", meaning: "its team, empty without one" },
  now: {
    kind: "value",
    type: "google.protobuf.Timestamp",
    meaning: 'time of the call, as in `now.getHours("Europe/Zurich") < 18`',
  },
  principal: {
    kind: "fields",
    ctor: PrincipalVariable,
    fields: {
      agent: ["string", "id of the agent"],
      tenant: ["string", "whose agent it is"],
      team: ["string", "empty without one"],
      user: ["string", "on whose behalf it works; empty without one"],
      run: ["string", "one task of the agent, which chooses it; empty without one"],
      clearance: ["int", "1 to 5, as an administrator gave it; 1 where nobody did"],
      tags: ["map<string, string>", "by name, as in `principal.tags.env`"],
      proven_by: ["string", "`api_key`, `token`, `certificate` or `loopback`"],
    },
  },
  session: {
    kind: "fields",
    ctor: SessionVariable,
    fields: {
      id: ["string", "correlates one run of the agent, which chooses it"],
      marks: ["list<string>", "what rules and findings have marked the session with"],
      risk: [
        "string",
        "`LOW`, `MEDIUM` or `HIGH`, from the last ten minutes; needs an entry that finds `behaviour`",
      ],
    },
  },
  findings: {
    kind: "value",
    type: "list<map<string, dyn>>",
    meaning:
      "what inspect entries found in the request: `detector`, `signature`, `rule`, `score`, `part`",
  },
  args: {
    kind: "value",
    type: "map<string, dyn>",
    meaning: "arguments of the tool or prompt, or what a server sends with its question",
  },
  body: { kind: "value", type: "dyn", meaning: "JSON body of the request" },
  tool: {
    kind: "fields",
    ctor: ToolVariable,
    fields: { upstream: UPSTREAM, name: ["string", "name of the tool on that upstream"] },
  },
  llm: {
    kind: "fields",
    ctor: LlmVariable,
    fields: {
      upstream: UPSTREAM,
      model: ["string", "as the agent asks for it"],
      operation: ["string", "`chat`, `responses`, `messages`, `generate`, `embeddings`, …"],
      stream: ["bool", "whether a stream was asked for"],
      output_tokens: [
        "int",
        "the agent's own cap; absent without one, see `has(llm.output_tokens)`",
      ],
    },
  },
  http: {
    kind: "fields",
    ctor: HttpVariable,
    fields: {
      upstream: UPSTREAM,
      method: ["string", "upper case"],
      host: ["string", "of the upstream"],
      path: ["string", "below the upstream, decoded"],
      query: ["string", "as sent, with its question mark"],
    },
  },
  mcp: {
    kind: "fields",
    ctor: McpVariable,
    fields: {
      upstream: UPSTREAM,
      method: ["string", "as in `resources/read`"],
      name: ["string", "prompt, resource URI or task; absent where the method has none"],
    },
  },
};

/** What each kind of rule may read. */
export const VARIABLES_BY_KIND = {
  tool: ["agent", "team", "principal", "session", "now", "findings", "tool", "args"],
  llm: ["agent", "team", "principal", "session", "now", "findings", "llm", "body"],
  http: ["agent", "team", "principal", "session", "now", "findings", "http", "body"],
  mcp: ["agent", "team", "principal", "session", "now", "findings", "mcp", "args"],
} as const satisfies Record<Action["kind"], readonly string[]>;
