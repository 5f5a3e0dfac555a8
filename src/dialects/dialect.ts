/**
 * The management API of another product, answered over our core. A dialect is grammar: it reads the
 * documented requests, asks the operations that every door asks, and writes the documented answers.
 * It stores nothing and decides nothing.
 */
import type { RequestListener } from "node:http";
import type { DialectCore } from "./dialect-core.ts";

export interface Dialect {
  /** Also the prefix under which all of it is answered again: `/haldir/…`. */
  readonly name: string;
  /** Whether a documented path, without the prefix and the query, is one of its own. */
  owns(path: string): boolean;
  /** Builds it, with the first request to it. */
  open(core: DialectCore): Promise<OpenDialect>;
}

export interface OpenDialect {
  /** Paths as documented: the prefix was taken off. */
  readonly serve: RequestListener;
  close(): Promise<void>;
}
