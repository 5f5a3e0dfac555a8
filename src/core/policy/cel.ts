/** The only file that loads the CEL package; `absent-reads.ts` walks its syntax trees. */
import type * as Cel from "@marcbachmann/cel-js";
import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import { impossible } from "../../lib/impossible.ts";
import { onNeed } from "../../lib/on-need.ts";
import type { Action } from "../action.ts";
import { CONDITION_VARIABLES, VARIABLES_BY_KIND, type ConditionScope } from "./condition-scope.ts";
import { faultIn, type CelFault } from "./cel-fault.ts";
import { absentReads, type AbsentRead } from "./absent-reads.ts";
import type { ArgumentPath } from "./tool-schemas.ts";
import { compilePattern } from "./linear-pattern.ts";

export interface CelProgram {
  /** Throws where a value is missing or of another type. */
  readonly run: (scope: ConditionScope | undefined) => unknown;
  readonly reads: ReadonlySet<string>;
  readonly argumentPaths: readonly ArgumentPath[];
  readonly absentReads: readonly AbsentRead[];
  /** Loops inside loops, a loop over the request that looks at the request again counting twice. */
  readonly loops: number;
}

export type CelReply =
  | { readonly kind: "program"; readonly program: CelProgram }
  | { readonly kind: "faults"; readonly faults: readonly CelFault[] };

const TEXT_CHARS_MAX = 2048;
const LOOPS_MAX = 2;
const LIMITS = {
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 8,
};

/** JSON knows one kind of number, CEL three: arithmetic mixes them as people expect. */
const ARITHMETIC = {
  "+": (a: unknown, b: unknown) => Number(a) + Number(b),
  "-": (a: unknown, b: unknown) => Number(a) - Number(b),
  "*": (a: unknown, b: unknown) => Number(a) * Number(b),
  "/": (a: unknown, b: unknown) => Number(a) / Number(b),
} as const;

const cel = onNeed<typeof Cel>("@marcbachmann/cel-js");
const environments = new Map<Action["kind"], Environment>();

/** Every problem that can be told without the others being fixed first. */
export function parseCel(text: string, kind: Action["kind"]): CelReply {
  if (text.length > TEXT_CHARS_MAX) {
    const message = `the condition has ${text.length} characters; at most ${TEXT_CHARS_MAX}`;
    return { kind: "faults", faults: [{ at: 0, message, suggestion: "write several rules" }] };
  }
  try {
    const run = environmentOf(kind).parse(text);
    const survey = surveyOf(run.ast);
    if (survey.faults.length > 0) return { kind: "faults", faults: survey.faults };
    const checked = run.check();
    if (!checked.valid) return { kind: "faults", faults: [faultOf(checked.error, text, kind)] };
    if (checked.type !== "bool" && checked.type !== "dyn") {
      const message = `the condition is of type ${checked.type}; it must be true or false`;
      const suggestion = "compare it with something";
      return { kind: "faults", faults: [{ at: 0, message, suggestion }] };
    }
    const absent = absentReads(run.ast);
    const evaluate = (scope?: ConditionScope): unknown => run(scope);
    return { kind: "program", program: { run: evaluate, ...survey, absentReads: absent } };
  } catch (error) {
    return { kind: "faults", faults: [faultOf(error, text, kind)] };
  }
}

function environmentOf(kind: Action["kind"]): Environment {
  let environment = environments.get(kind);
  if (environment === undefined) environments.set(kind, (environment = createEnvironment(kind)));
  return environment;
}

function createEnvironment(kind: Action["kind"]): Environment {
  const environment = new (cel().Environment)({ limits: LIMITS });
  for (const [operator, calculate] of Object.entries(ARITHMETIC)) {
    environment.registerOperator(`double ${operator} int: double`, calculate);
    environment.registerOperator(`int ${operator} double: double`, calculate);
  }
  environment.registerFunction("re(ast, ast): bool", expandPattern);
  for (const name of VARIABLES_BY_KIND[kind]) {
    const variable = CONDITION_VARIABLES[name];
    if (variable === undefined) throw new TypeError(`no variable ${name}`);
    if (variable.kind === "value") {
      environment.registerVariable(name, variable.type);
      continue;
    }
    const fields = Object.entries(variable.fields).map(([field, [type]]) => [field, type]);
    environment.registerType(name, { ctor: variable.ctor, fields: Object.fromEntries(fields) });
    environment.registerVariable(name, name);
  }
  return environment;
}

interface Runner<Node, Result> {
  run(node: Node, context: unknown): Result;
}
interface Checker {
  check(node: ASTNode, context: unknown): { readonly kind: string; readonly name: string };
  getType(name: string): unknown;
}

/** `re(text, "pattern")`: compiled here, once; `test` runs in linear time. */
function expandPattern({ args }: { readonly args: readonly ASTNode[] }): unknown {
  const { ParseError, TypeError: CelTypeError } = cel();
  const [text, literal] = args;
  if (text === undefined || literal === undefined) throw new ParseError("re takes two arguments");
  if (literal.op !== "value" || typeof literal.args !== "string") {
    throw new ParseError("the pattern of re must be a literal text", literal);
  }
  const reply = compilePattern(literal.args);
  if (reply.kind === "wrong") throw new ParseError(reply.message, literal);
  const { pattern } = reply;
  return {
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: unknown): unknown {
      const type = checker.check(text, context);
      if (type.kind === "dyn" || type.name === "string") return checker.getType("bool");
      throw new CelTypeError(`re looks at text, not at ${type.name}`, text);
    },
    evaluate(runner: Runner<ASTNode, unknown>, _macro: unknown, context: unknown): boolean {
      const value = runner.run(text, context);
      if (typeof value !== "string") throw new TypeError("re looks at text");
      return pattern.test(value);
    },
  };
}

interface Survey {
  readonly reads: Set<string>;
  readonly faults: CelFault[];
  readonly argumentPaths: ArgumentPath[];
  loops: number;
}

const LOOPS = new Set(["all", "exists", "exists_one", "map", "filter"]);
const REQUEST = new Set(["args", "body"]);

function surveyOf(ast: ASTNode): Survey {
  const survey: Survey = { reads: new Set(), faults: [], argumentPaths: [], loops: 0 };
  visit(ast, 0, survey);
  return survey;
}

/** Depth and size are bounded by the parser. */
function visit(node: ASTNode, loops: number, survey: Survey): void {
  survey.loops = Math.max(survey.loops, loops);
  switch (node.op) {
    case "value":
      return;
    case "id":
      return visitName(node.args, node.start, loops, survey);
    case ".":
    case ".?": {
      const path = argumentPath(node);
      if (path !== undefined && path.names.length > 0) survey.argumentPaths.push(path);
      return visit(node.args[0], loops, survey);
    }
    case "call":
      return visitAll(node.args[1], loops, survey);
    case "rcall":
      return visitMethod(node.args[0], node, loops, survey);
    case "list":
      return visitAll(node.args, loops, survey);
    case "map":
      return visitAll(node.args.flat(), loops, survey);
    case "!_":
    case "-_":
      return visit(node.args, loops, survey);
    case "?:":
    case "||":
    case "&&":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "in":
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
    case "[]":
    case "[?]":
      return visitAll(node.args, loops, survey);
    default:
      return impossible(node);
  }
}

/** `undefined` where the chain does not begin at the arguments. */
function argumentPath(node: ASTNode): ArgumentPath | undefined {
  if (node.op === "id") return node.args === "args" ? { names: [], at: [] } : undefined;
  if (node.op !== "." && node.op !== ".?") return undefined;
  const [receiver, name] = node.args;
  const before = argumentPath(receiver);
  if (before === undefined || typeof name !== "string") return undefined;
  return { names: [...before.names, name], at: [...before.at, node.end - name.length] };
}

function visitAll(nodes: readonly ASTNode[], loops: number, survey: Survey): void {
  for (const node of nodes) visit(node, loops, survey);
}

function visitName(name: string, at: number, loops: number, survey: Survey): void {
  survey.reads.add(name);
  // Inside a loop each round may look at the whole request again.
  if (loops > 0 && REQUEST.has(name)) survey.loops = Math.max(survey.loops, loops + 1);
  if (name === "cel") refuse(survey, at, "cel.bind is not part of this language", "write it out");
}

function visitMethod(
  name: string,
  node: Extract<ASTNode, { op: "rcall" }>,
  loops: number,
  survey: Survey,
): void {
  const [, receiver, args] = node.args;
  visit(receiver, loops, survey);
  const isLoop = LOOPS.has(name) && args.length > 1;
  // The loop's own variable is the first argument.
  visitAll(isLoop ? args.slice(1) : args, loops + (isLoop ? 1 : 0), survey);
  if (isLoop && loops + 1 > LOOPS_MAX) {
    refuse(survey, node.pos, `loops stand more than ${LOOPS_MAX} deep`, "write several rules");
  }
  if (name === "matches") {
    const message = "matches can take exponential time and is not part of this language";
    refuse(survey, node.pos, message, 're(text, "pattern") takes linear time');
  }
}

function refuse(survey: Survey, at: number, message: string, suggestion: string): void {
  survey.faults.push({ at, message, suggestion });
}

function faultOf(error: unknown, text: string, kind: Action["kind"]): CelFault {
  if (!(error instanceof cel().ParseError || error instanceof cel().TypeError)) {
    const message = error instanceof Error ? error.message : "not a condition";
    return { at: 0, message, suggestion: undefined };
  }
  return faultIn(text, kind, error);
}
