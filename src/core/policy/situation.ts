/** A call as a test or the command line writes it, in the terms of the engine. */
import type { Action } from "../action.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Principal } from "../principal.ts";
import { specialOfForwarded } from "../forward-proxy.ts";
import { id, instant } from "../units.ts";
import { CLEARANCE_DEFAULT } from "../identity/directory-entry.ts";
import type { TestCall, TestClause } from "./policy-file.ts";
import type { PolicyFacts } from "./policy-snapshot.ts";

export interface Situation {
  readonly principal: Principal;
  readonly action: Action;
  readonly facts: PolicyFacts;
}

export type Asked = Pick<TestClause, "agent" | "team" | "marks" | "at" | "call"> &
  Partial<Pick<TestClause, "user" | "tenant" | "clearance" | "risk" | "findings">>;

export function situationOf(test: Asked): Situation {
  const { call } = test;
  return {
    principal: {
      agent: id(test.agent),
      tenant: id(test.tenant ?? "default"),
      session: id("test"),
      team: test.team,
      user: test.user,
      run: undefined,
      tags: {},
      provenBy: "loopback",
      clearance: test.clearance ?? CLEARANCE_DEFAULT,
    },
    action: actionOf(call),
    facts: {
      now: instant(test.at === undefined ? 0 : Date.parse(test.at)),
      marks: test.marks,
      source: () => sourceOf(call),
      risk: test.risk ?? "LOW",
      findings: (test.findings ?? []).map(supposed),
    },
  };
}

/** A finding that a test names by its detector. */
function supposed(detector: string): Finding {
  return {
    detector,
    signature: "",
    rule: "",
    score: 100,
    confidence: 1,
    part: "",
    start: 0,
    end: 0,
    action: "report",
  };
}

/** The call as its wire would carry it. */
function actionOf(call: TestCall): Action {
  switch (call.kind) {
    case "tool": {
      const dot = call.tool.indexOf(".");
      return {
        kind: "tool",
        upstream: id(call.tool.slice(0, dot)),
        tool: call.tool.slice(dot + 1),
        args: objectOf(call.json),
      };
    }
    case "llm": {
      const { json, ...rest } = call;
      return {
        ...rest,
        upstream: id(call.upstream),
        body: { model: call.model, ...objectOf(json) },
      };
    }
    case "http": {
      const { json, ...rest } = call;
      const body: JsonValue | undefined = json === undefined ? undefined : objectOf(json);
      const special = call.special ?? specialOfForwarded(call.upstream, call.method);
      return { ...rest, upstream: id(call.upstream), special, body };
    }
    case "mcp": {
      const { json, ...rest } = call;
      const args = json === undefined ? undefined : objectOf(json);
      return { ...rest, upstream: id(call.upstream), args };
    }
  }
}

/** The JSON text that money amounts are read from. */
function sourceOf(call: TestCall): string {
  if (call.kind === "tool") return `{"params":{"arguments":${call.json}}}`;
  return call.kind === "mcp" ? "" : (call.json ?? "");
}

function objectOf(json: string): JsonObject {
  const value: unknown = JSON.parse(json);
  return isJsonObject(value) ? value : {};
}
