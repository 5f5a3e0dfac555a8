/** The only importer of the YAML library: text in, a plain tree with positions out. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
} from "yaml";

/** Where a value was written. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type YamlTree = YamlMap | YamlList | YamlScalar;

export interface YamlMap {
  readonly kind: "map";
  readonly at: Position;
  readonly entries: readonly YamlEntry[];
}

export interface YamlEntry {
  readonly key: string;
  readonly at: Position;
  readonly value: YamlTree;
}

export interface YamlList {
  readonly kind: "list";
  readonly at: Position;
  readonly items: readonly YamlTree[];
}

export interface YamlScalar {
  readonly kind: "scalar";
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** As written, without quotes: money is read from this, never from a float. */
  readonly text: string;
}

export interface YamlFault extends Position {
  readonly message: string;
}

export type YamlReply =
  /** `tree` is undefined for an empty document. */
  | { readonly kind: "tree"; readonly tree: YamlTree | undefined }
  | { readonly kind: "faults"; readonly faults: readonly YamlFault[] };

const BYTES_MAX = 1_048_576;
const DEPTH_MAX = 64;
/** Counted with every alias expanded, so that a small file cannot become a large tree. */
const NODES_MAX = 100_000;
const FAULTS_MAX = 50;

/** Reads one YAML 1.2 document. Never throws; duplicate keys and unknown tags are faults. */
export function readYaml(file: string, text: string): YamlReply {
  if (text.length > BYTES_MAX) {
    return fault(file, `the file is larger than ${BYTES_MAX} characters`);
  }
  try {
    return readDocument(file, text);
  } catch (error) {
    // The parser recurses: hostile nesting ends in a RangeError.
    return fault(file, `the file cannot be parsed: ${error instanceof Error ? error.message : ""}`);
  }
}

function readDocument(file: string, text: string): YamlReply {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    version: "1.2",
  });
  const reader = new TreeReader(file, lines, document);
  for (const error of [...document.errors, ...document.warnings]) {
    reader.fault(error.pos[0], error.message);
  }
  const { contents } = document;
  const tree = contents === null ? undefined : reader.read(contents, 0);
  if (reader.faults.length > 0) return { kind: "faults", faults: reader.faults };
  return { kind: "tree", tree };
}

function fault(file: string, message: string): YamlReply {
  return { kind: "faults", faults: [{ file, line: 1, column: 1, message }] };
}

/** Owns the counters of one reading. */
class TreeReader {
  readonly faults: YamlFault[] = [];
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #document: Document;
  #nodes = 0;

  constructor(file: string, lines: LineCounter, document: Document) {
    this.#file = file;
    this.#lines = lines;
    this.#document = document;
  }

  fault(offset: number, message: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ ...this.#position(offset), message });
  }

  read(node: Node, depth: number): YamlTree {
    const offset = node.range?.[0] ?? 0;
    const at = this.#position(offset);
    this.#nodes += 1;
    if (this.#nodes > NODES_MAX) return this.#tooMuch(offset, `more than ${NODES_MAX} values`);
    if (depth > DEPTH_MAX) return this.#tooMuch(offset, `nested deeper than ${DEPTH_MAX} levels`);
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target !== undefined) return this.read(target, depth + 1);
      return this.#tooMuch(offset, `the alias *${node.source} names no anchor`);
    }
    if (isMap<Node, Node | null>(node)) {
      return { kind: "map", at, entries: node.items.map((pair) => this.#entry(pair, at, depth)) };
    }
    if (isSeq<Node>(node)) {
      return { kind: "list", at, items: node.items.map((item) => this.read(item, depth + 1)) };
    }
    if (isScalar(node)) return this.#scalar(node.value, node.source, at, offset);
    return this.#tooMuch(offset, "a value of a kind that is not supported");
  }

  #entry(pair: Pair<Node, Node | null>, parent: Position, depth: number): YamlEntry {
    const { key } = pair;
    const at = key.range ? this.#position(key.range[0]) : parent;
    const name = isScalar(key) ? String(key.value) : "";
    const empty: YamlScalar = { kind: "scalar", at, value: null, text: "" };
    return { key: name, at, value: pair.value ? this.read(pair.value, depth + 1) : empty };
  }

  #scalar(value: unknown, source: string | undefined, at: Position, offset: number): YamlTree {
    const text = source ?? "";
    if (value === null || typeof value === "string" || typeof value === "boolean") {
      return { kind: "scalar", at, value, text: typeof value === "string" ? value : text };
    }
    if (typeof value === "number" && Number.isFinite(value)) {
      return { kind: "scalar", at, value, text };
    }
    return this.#tooMuch(offset, "a value of a kind that is not supported");
  }

  #tooMuch(offset: number, message: string): YamlScalar {
    this.fault(offset, message);
    return { kind: "scalar", at: this.#position(offset), value: null, text: "" };
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }
}
