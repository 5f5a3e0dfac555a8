/**
 * The prices in force, kept in step with the file that the configuration names. A change is taken
 * whole or not at all: while the file has a problem, the last good prices stay.
 */
import { dirname } from "node:path";
import type { PriceCatalogue } from "../../core/money/price.ts";
import type { Problem } from "../../core/problem.ts";
import { createPriceCatalogue } from "../../stores/prices/price-catalogue.ts";
import type { PricesConfig } from "../config/config.ts";
import { fileStamp } from "../file-stamp.ts";
import { PriceFault } from "./price-fault.ts";
import { readPrices } from "./read-prices.ts";
import { watchDirectory } from "../watch-directory.ts";
import { now } from "../now.ts";

export interface PriceSource extends AsyncDisposable {
  /** Always the one in force; what it hands out keeps the version it came from. */
  readonly catalogue: PriceCatalogue;
  /** Reads the file now. Never throws: problems are told to the events and kept. */
  reload(): void;
  /** Of the newest file, where it was refused. */
  readonly problems: readonly Problem[];
}

export interface PriceEvents {
  pricesLoaded(catalogue: string, overrides: number): void;
  pricesRefused(problems: readonly Problem[]): void;
}

/** Throws PriceFault if the prices do not load: at start there is nothing to fall back on. */
export function openPriceSource(prices: PricesConfig, events: PriceEvents): PriceSource {
  const { file } = prices;
  let stamp = stampOf(file);
  const first = readPrices(prices, now());
  if (first.problems.length > 0) throw new PriceFault(first);
  let current = createPriceCatalogue(first.overlay);
  let problems: readonly Problem[] = [];
  events.pricesLoaded(current.version, first.overlay.overrides.length);

  function reload(): void {
    stamp = stampOf(file);
    const next = readPrices(prices, now());
    problems = next.problems;
    if (problems.length > 0) return events.pricesRefused(problems);
    const catalogue = createPriceCatalogue(next.overlay);
    if (catalogue.version === current.version) return;
    current = catalogue;
    events.pricesLoaded(current.version, next.overlay.overrides.length);
  }

  const changes =
    file === undefined
      ? undefined
      : watchDirectory(dirname(file), () => {
          if (stampOf(file) !== stamp) reload();
        });
  return {
    catalogue: {
      get version() {
        return current.version;
      },
      price: (provider, model, at, tier) => current.price(provider, model, at, tier),
    },
    reload,
    get problems() {
      return problems;
    },
    async [Symbol.asyncDispose]() {
      changes?.stop();
    },
  };
}

function stampOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : fileStamp(file);
}
