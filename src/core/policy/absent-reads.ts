/**
 * What a condition reads although a call may lack it. Reading it then fails, and the condition of a
 * denial that fails applies: the rule denies every call without it, which is seldom meant.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { impossible } from "../../lib/impossible.ts";

/** A read that nothing in the condition makes sure of. */
export interface AbsentRead {
  /** As it is written: `args.amount`. */
  readonly path: string;
  /** UTF-16 offset of its last name in the expression. */
  readonly at: number;
}

/** A chain of names from a variable on. */
interface Path {
  readonly names: readonly string[];
  readonly at: readonly number[];
}

/** Paths that are there: `has(args.to)` said so. */
type Known = ReadonlySet<string>;

const NOTHING: Known = new Set();

/**
 * CEL's `&&` and `||` take no notice of a side that fails where the other decides alone, so what
 * one side makes sure of holds for the other, in either order.
 */
export function absentReads(ast: ASTNode): readonly AbsentRead[] {
  const found = new Map<string, AbsentRead>();
  visit(ast, NOTHING, found);
  return [...found.values()];
}

type Found = Map<string, AbsentRead>;

/** Depth and size are bounded by the parser. */
function visit(node: ASTNode, known: Known, found: Found): void {
  switch (node.op) {
    case "value":
    case "id":
      return;
    case ".":
    case "[]":
      return visitRead(node, known, found);
    case ".?":
    case "[?]":
      return visit(node.args[0], known, found);
    case "call":
      return visitCall(node.args, known, found);
    case "rcall":
      visit(node.args[1], known, found);
      return visitAll(node.args[2], known, found);
    case "map":
      return visitAll(node.args.flat(), known, found);
    case "list":
      return visitAll(node.args, known, found);
    case "!_":
    case "-_":
      return visit(node.args, known, found);
    case "&&":
      return visitSides(node.args, known, found, true);
    case "||":
      return visitSides(node.args, known, found, false);
    case "?:": {
      const [test, yes, no] = node.args;
      visit(test, known, found);
      visit(yes, both(known, sureOf(test, true)), found);
      return visit(no, both(known, sureOf(test, false)), found);
    }
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
      return visitAll(node.args, known, found);
    default:
      return impossible(node);
  }
}

function visitAll(nodes: readonly ASTNode[], known: Known, found: Found): void {
  for (const node of nodes) visit(node, known, found);
}

/** A side matters only where the other does not decide alone: it is `value` then. */
function visitSides(
  [left, right]: readonly [ASTNode, ASTNode],
  known: Known,
  found: Found,
  value: boolean,
): void {
  visit(left, both(known, sureOf(right, value)), found);
  visit(right, both(known, sureOf(left, value)), found);
}

/** `has` asks for the last name, and reads what stands before it. */
function visitCall([name, args]: readonly [string, ASTNode[]], known: Known, found: Found): void {
  const [asked] = args;
  if (name !== "has" || asked?.op !== ".") return visitAll(args, known, found);
  visit(asked.args[0], known, found);
}

function visitRead(node: Extract<ASTNode, { op: "." | "[]" }>, known: Known, found: Found): void {
  const path = pathOf(node);
  if (path === undefined) {
    visit(node.args[0], known, found);
    if (typeof node.args[1] !== "string") visit(node.args[1], known, found);
    return;
  }
  const { names, at } = path;
  for (let length = 2; length <= names.length; length += 1) {
    const read = names.slice(0, length);
    if (!mayLack(read) || known.has(keyOf(read))) continue;
    const text = read.join(".");
    if (!found.has(text)) found.set(text, { path: text, at: at[length - 1] ?? 0 });
    return;
  }
}

/** What must be there for the expression to have this value. */
function sureOf(node: ASTNode, value: boolean): Known {
  if (node.op === "!_") return sureOf(node.args, !value);
  if (node.op === (value ? "&&" : "||")) {
    const [left, right] = node.args;
    return both(sureOf(left, value), sureOf(right, value));
  }
  return value ? askedBy(node) : NOTHING;
}

function askedBy(node: ASTNode): Known {
  if (node.op === "call") {
    const [name, [asked]] = node.args;
    return only(name === "has" && asked !== undefined ? pathOf(asked)?.names : undefined);
  }
  if (node.op !== "in") return NOTHING;
  const [name, map] = node.args;
  const path = pathOf(map);
  if (path === undefined || name.op !== "value" || typeof name.args !== "string") return NOTHING;
  return only([...path.names, name.args]);
}

/** `undefined` where the node is no chain of names from a variable on. */
function pathOf(node: ASTNode): Path | undefined {
  if (node.op === "id") return { names: [node.args], at: [node.start] };
  if (node.op !== "." && node.op !== "[]") return undefined;
  const before = pathOf(node.args[0]);
  const name = nameOf(node);
  if (before === undefined || name === undefined) return undefined;
  return { names: [...before.names, name.text], at: [...before.at, name.at] };
}

function nameOf(
  node: Extract<ASTNode, { op: "." | "[]" }>,
): { readonly text: string; readonly at: number } | undefined {
  if (node.op === ".") {
    const [, text] = node.args;
    return { text, at: node.end - text.length };
  }
  const [, index] = node.args;
  if (index.op !== "value" || typeof index.args !== "string") return undefined;
  return { text: index.args, at: index.start };
}

/** Fields that only some calls have. */
const OPTIONAL: readonly string[] = ["llm.output_tokens", "mcp.name"];

/** Arguments and tags are the caller's to leave out. */
function mayLack(names: readonly string[]): boolean {
  const [variable, field] = names;
  if (variable === "args") return true;
  if (variable === "principal") return field === "tags" && names.length === 3;
  return OPTIONAL.includes(names.join("."));
}

function keyOf(names: readonly string[]): string {
  return JSON.stringify(names);
}

function only(names: readonly string[] | undefined): Known {
  return names === undefined ? NOTHING : new Set([keyOf(names)]);
}

function both(a: Known, b: Known): Known {
  if (a.size === 0) return b;
  return b.size === 0 ? a : new Set([...a, ...b]);
}
