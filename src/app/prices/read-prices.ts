/** The operator's prices, from the config and from the file it names, with all that is wrong. */
import { statSync } from "node:fs";
import type { PolicySource } from "../../core/policy/compile-policy.ts";
import type { Place } from "../../core/policy/source-text.ts";
import type { Problem } from "../../core/problem.ts";
import type { Instant } from "../../core/units.ts";
import { checkOverlay, type OverlayProblem } from "../../stores/prices/check-overlay.ts";
import type { PriceOverlay, PriceOverride } from "../../stores/prices/price-overlay.ts";
import { messageOf } from "../../lib/caught.ts";
import { readUtf8File } from "../read-utf8-file.ts";
import type { PricesConfig } from "../config/config.ts";
import { readConfigTree } from "../config/config-tree.ts";
import { PRICE_FILE_SHAPE } from "../config/price-schema.ts";
import { isEffective, readShape, type Reading } from "../config/read-shape.ts";

export interface PriceReading {
  readonly overlay: PriceOverlay;
  readonly problems: readonly Problem[];
  /** Texts that problems are about. */
  readonly sources: readonly PolicySource[];
}

/** A thousand entries with everything in them take half of it. */
const FILE_BYTES_MAX = 1_048_576;

/** The config's own entries go before those of the file. `at`: when the catalogue is asked. */
export function readPrices(prices: PricesConfig, at: Instant): PriceReading {
  const { overrides, unpriced, places, file } = prices;
  const own = checkOverlay(overrides, at).map((found) => {
    return problemAt(places[found.index] ?? NOWHERE, found, `prices.overrides[${found.index}]`);
  });
  if (file === undefined) return { overlay: { overrides, unpriced }, problems: own, sources: [] };
  const read = readPriceFile(file, at);
  return {
    overlay: { overrides: [...overrides, ...read.overrides], unpriced },
    problems: [...own, ...read.problems],
    sources: read.sources,
  };
}

export interface PriceFileReading {
  readonly overrides: readonly PriceOverride[];
  readonly problems: readonly Problem[];
  readonly sources: readonly PolicySource[];
}

/** Never throws: what cannot be read is a problem, so that nobody takes it for no prices. */
export function readPriceFile(file: string, at: Instant): PriceFileReading {
  const text = readText(file);
  if (typeof text !== "string") return { overrides: [], problems: [text], sources: [] };
  const sources = [{ file, text }];
  const parsed = readConfigTree(file, text);
  if (parsed.kind === "problems") return { overrides: [], problems: parsed.problems, sources };
  const reading: Reading = { problems: [], origins: new Map(), spoilt: new Set() };
  const content = readShape(PRICE_FILE_SHAPE, parsed.tree, reading);
  if (reading.problems.length > 0 || !isEffective(PRICE_FILE_SHAPE, content)) {
    return { overrides: [], problems: reading.problems, sources };
  }
  const { overrides } = content;
  const problems = checkOverlay(overrides, at).map((found) => {
    const path = `overrides[${found.index}]`;
    const { origins } = reading;
    const place = origins.get(`${path}.${found.key}`) ?? origins.get(path);
    return problemAt(place ?? { file, line: 1, column: 1 }, found, path);
  });
  return { overrides, problems, sources };
}

/** Of entries that no file has: the demo's. */
const NOWHERE: Place = { file: "(built in)", line: 1, column: 1 };

function problemAt(place: Place, found: OverlayProblem, path: string): Problem {
  const key = found.key === undefined ? path : `${path}.${found.key}`;
  return { ...place, message: `${key}: ${found.message}`, suggestion: found.suggestion };
}

function readText(file: string): string | Problem {
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) return unreadable(file, `has more than ${FILE_BYTES_MAX} bytes`);
    return readUtf8File(file);
  } catch (error) {
    const reason = messageOf(error);
    return unreadable(file, `cannot be read: ${reason}`);
  }
}

function unreadable(file: string, what: string): Problem {
  const message = `the price file ${what}`;
  return { file, line: 1, column: 1, message, suggestion: "create it, or change prices.file" };
}
