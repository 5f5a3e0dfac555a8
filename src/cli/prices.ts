/** `sallyport prices`: what models cost here, and what is wrong with the operator's own prices. */
import { resolve } from "node:path";
import { Command } from "commander";
import type { Config } from "../app/config/config.ts";
import { DEMO_PROVIDER, withDemoPrice } from "../app/demo/demo-price.ts";
import { printProblems } from "../app/policies/policy-fault.ts";
import { readPriceFile, readPrices } from "../app/prices/read-prices.ts";
import { SERVICE_TIERS, serviceTier, type ServiceTier } from "../core/money/service-tier.ts";
import { instant, type Instant } from "../core/units.ts";
import { wallMillis } from "../lib/clock.ts";
import { WIRE_PROVIDERS } from "../stores/prices/check-overlay.ts";
import { comparePrices, rateText } from "../stores/prices/compare-prices.ts";
import { createPriceCatalogue, lookUpRates } from "../stores/prices/price-catalogue.ts";
import {
  NO_OVERLAY,
  PRICES_PER_CALL,
  PRICES_PER_MTOK,
  type PriceOverlay,
} from "../stores/prices/price-overlay.ts";
import { CommandFailure } from "./command-failure.ts";
import { loadFor } from "./config-options.ts";
import { EXIT } from "./exit-code.ts";
import type { Shell } from "./shell.ts";

const EXAMPLES = `
Examples:
  $ sallyport prices show gpt-5.2                  what a call of it costs, and how sure that is
  $ sallyport prices show claude-opus-5 --provider anthropic --tier fast --at 2026-12-01
  $ sallyport prices check negotiated.yaml         before it is in force
  $ sallyport prices diff                          the operator's prices against the catalogue
  $ sallyport prices diff negotiated.yaml          what this file would change`;

/** Asked where the configuration has no LLM upstream. */

type Options = Readonly<Record<string, unknown>>;

export function pricesCommand(shell: Shell): Command {
  const command = new Command("prices").addHelpText("after", EXAMPLES);
  onPrices(
    command.command("show").description("print the price of a model, or all that you override"),
  )
    .argument("[model]")
    .option("--provider <name>", "whose price list (default: those of the upstreams)")
    .option("--tier <name>", "standard, batch, flex, priority or fast", "standard")
    .option("--at <date>", "another time than now")
    .action((model: string | undefined, options: Options) => show(model, options, shell));
  onPrices(command.command("check").description("list what is wrong with your prices, all at once"))
    .argument("[file]", "a price file (default: as configured)")
    .action((file: string | undefined, options: Options) => check(file, options, shell));
  onPrices(command.command("diff").description("compare your prices with the catalogue"))
    .argument("[file]", "a price file to compare with what is in force")
    .action((file: string | undefined, options: Options) => diff(file, options, shell));
  return command;
}

function onPrices(command: Command): Command {
  return command
    .option("--config <file>", "config file (default: ./sallyport.yaml, else a sample)")
    .option("--json", "print JSON, for programs");
}

function show(model: string | undefined, options: Options, shell: Shell): void {
  const config = configFor(options, shell);
  const at = timeIn(options);
  const overlay = sound(readPrices(config.prices, at), shell);
  const { version } = createPriceCatalogue(overlay);
  if (model === undefined) return showOverlay(overlay, version, options, shell);
  const asked = providersAsked(options, config);
  const tier = tierIn(options);
  const rows = asked.flatMap((name) => {
    const { rates, status } = lookUpRates(overlay, { provider: name, model, at, tier });
    return rates === undefined ? [] : { provider: name, model, tier, status, prices: texts(rates) };
  });
  if (options["json"] === true) {
    shell.out(`${JSON.stringify({ catalogue: version, prices: rows }, undefined, 2)}\n`);
  } else {
    for (const { provider: name, status, prices } of rows) {
      shell.out(`${name}/${model}, ${tier}: ${status}\n`);
      for (const [key, text] of Object.entries(prices)) shell.out(`  ${key.padEnd(31)} ${text}\n`);
    }
    shell.out(`catalogue ${version}\n`);
  }
  if (rows.length > 0) return;
  throw new CommandFailure(
    EXIT.failure,
    `nobody knows what ${model} costs (${asked.join(", ")}, ${tier})`,
    overlay.unpriced === "refuse" ? "its calls are refused" : "its calls cost prices.unpriced",
  );
}

function providersAsked({ provider }: Options, { upstreams, demo }: Config): readonly string[] {
  if (typeof provider === "string") return [provider];
  const own = upstreams.map(({ priceProvider }) => priceProvider).filter((name) => name !== "");
  const known = own.length > 0 ? own : WIRE_PROVIDERS;
  return [...new Set(demo ? [...known, DEMO_PROVIDER] : known)];
}

function texts(rates: NonNullable<ReturnType<typeof lookUpRates>["rates"]>) {
  const known = [...PRICES_PER_MTOK, ...PRICES_PER_CALL].flatMap(([key, name]) => {
    const text = rateText(key, rates[name]);
    return text === undefined ? [] : [[key, text] as const];
  });
  return Object.fromEntries(known);
}

function showOverlay(
  overlay: PriceOverlay,
  version: string,
  { json }: Options,
  shell: Shell,
): void {
  if (json === true) {
    shell.out(`${JSON.stringify({ catalogue: version, ...overlay }, undefined, 2)}\n`);
    return;
  }
  shell.out(`catalogue ${version}\n`);
  const { unpriced, overrides } = overlay;
  const rest =
    unpriced === "refuse"
      ? "refused"
      : `${unpriced.input_usd_per_mtok} and ${unpriced.output_usd_per_mtok} USD per million tokens`;
  shell.out(`models without a price: ${rest}\n`);
  for (const { provider, model, tier = "standard" } of overrides) {
    shell.out(`own price: ${provider}/${model}, ${tier}\n`);
  }
}

function check(file: string | undefined, options: Options, shell: Shell): void {
  const at = timeIn(options);
  const reading =
    file === undefined
      ? readPrices(configFor(options, shell).prices, at)
      : readPriceFile(resolve(shell.workingDirectory, file), at);
  const { problems, sources } = reading;
  if (options["json"] === true) shell.out(`${JSON.stringify(problems, undefined, 2)}\n`);
  else for (const line of printProblems(problems, sources)) shell.err(`${line}\n`);
  if (problems.length > 0) {
    const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
    throw new CommandFailure(EXIT.failure, `the prices have ${count}`);
  }
  if (options["json"] !== true) shell.out("the prices are in order\n");
}

function diff(file: string | undefined, options: Options, shell: Shell): void {
  const at = timeIn(options);
  const config = configFor(options, shell);
  const inForce = sound(readPrices(config.prices, at), shell);
  const found =
    file === undefined
      ? comparePrices(NO_OVERLAY, inForce, at)
      : comparePrices(inForce, withFile(file, inForce, at, shell), at);
  if (options["json"] === true) shell.out(`${JSON.stringify(found, undefined, 2)}\n`);
  else {
    for (const { provider, model, tier, key, before = "none", after = "none" } of found) {
      shell.out(`${provider}/${model}, ${tier}: ${key} ${before} → ${after}\n`);
    }
    if (found.length === 0) shell.out("no difference\n");
  }
}

/** As if the file's entries went before all others. */
function withFile(file: string, inForce: PriceOverlay, at: Instant, shell: Shell): PriceOverlay {
  const read = readPriceFile(resolve(shell.workingDirectory, file), at);
  const overrides = [...read.overrides, ...inForce.overrides];
  return sound({ ...read, overlay: { ...inForce, overrides } }, shell);
}

function sound({ overlay, problems, sources }: ReturnType<typeof readPrices>, shell: Shell) {
  if (problems.length === 0) return overlay;
  for (const line of printProblems(problems, sources)) shell.err(`${line}\n`);
  throw new CommandFailure(EXIT.usage, "the prices have problems", "see `sallyport prices check`");
}

/** As the gateway runs with it: the demo brings a price of its own. */
function configFor(options: Options, shell: Shell): Config {
  const { config } = loadFor(options, shell);
  return config.demo ? withDemoPrice(config) : config;
}

/** Our own names first: OpenAI's `fast` is what is `priority` here, Anthropic's is not. */
function tierIn({ tier }: Options): ServiceTier {
  const own = SERVICE_TIERS.find((name) => name === tier);
  const named = own ?? serviceTier(tier) ?? "standard";
  if (named !== "other" || tier === "other") return named;
  const known = SERVICE_TIERS.join(", ");
  throw new CommandFailure(EXIT.usage, `--tier is none: ${String(tier)}`, `known: ${known}`);
}

function timeIn({ at }: Options): Instant {
  const time = typeof at === "string" ? Date.parse(at) : wallMillis();
  if (Number.isNaN(time)) {
    throw new CommandFailure(EXIT.usage, `--at is no date: ${String(at)}`, "write 2026-01-31");
  }
  return instant(time);
}
