import { StoreUnreachable } from "../../core/identity/directory-store.ts";
import { SecretsUnreachable } from "../../core/secret/secret-store.ts";
import type { Upstream } from "../../core/upstream.ts";
import type { Check, Status, UpstreamStatus, Vitals } from "../../manage/vitals.ts";
import { messageOf } from "../../lib/caught.ts";
import { counted } from "../../lib/counted.ts";
import { wallMillis } from "../../lib/clock.ts";
import type { OutagePolicy } from "../../stores/outage/outage-policy.ts";
import type { GatewayReport, StoreReport } from "./gateway-report.ts";
import type { Log } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import { usdText } from "../../core/money/usd-text.ts";
import { isClosed, outageText } from "./store-events.ts";
import { VERSION } from "../version.ts";

/** What does not change while the process runs. */
export interface Identity {
  readonly startedAt: string;
  readonly dataUrl: string;
  readonly upstreams: readonly Upstream[];
}

/** `read` asks every process that serves; undefined while none does. */
export function createVitals(
  identity: Identity,
  read: () => Promise<GatewayReport | undefined>,
  log: Log,
): Vitals {
  let metrics: Metrics | undefined;
  return {
    failed(error) {
      // Whose server is away is no bug, and is told once a call.
      if (error instanceof StoreUnreachable || error instanceof SecretsUnreachable) {
        log.warn({ cause: messageOf(error.cause) }, "management cannot answer");
        return;
      }
      log.error({ stack: error instanceof Error ? error.stack : String(error) }, "bug");
    },
    async checks() {
      return checksOf(await read());
    },
    async status() {
      return statusOf(identity, await read());
    },
    async metrics() {
      // Loaded with the first scrape: a start must not wait for it.
      metrics ??= (await import("./metrics.ts")).createMetrics(VERSION);
      return { contentType: metrics.contentType, text: await metrics.render(await read()) };
    },
  };
}

function checksOf(report: GatewayReport | undefined): readonly Check[] {
  if (report === undefined) return [{ name: "workers", ok: false, detail: "none is running" }];
  const { policy, prices, ledgerHealthy, draining, store } = report;
  return [
    ...storeChecks(store),
    {
      name: "listener",
      ok: report.ready && !draining,
      detail: draining ? "draining" : report.ready ? "accepting" : "starting",
    },
    {
      // The last good policies stay in force, so traffic may come; `detail` says what is wrong.
      name: "policy",
      ok: true,
      detail:
        policy.problems.length === 0
          ? `${counted(policy.rules, "rule")}, ${policy.digest.slice(0, 12)}`
          : `last good files in force; the new ones have problems: ${policy.problems.join("; ")}`,
    },
    {
      name: "prices",
      ok: true,
      detail:
        prices.problems.length === 0
          ? prices.catalogue
          : `last good prices in force; the new file has problems: ${prices.problems.join("; ")}`,
    },
    {
      name: "ledger",
      ok: ledgerHealthy,
      detail: ledgerHealthy ? "writing" : "cannot be written; look at the disk of data_dir",
    },
    ...judgeChecks(report),
    // Nothing is lost while a sink is away: traffic goes on.
    ...(report.sinks ?? []).map(({ name, failing, delivered }) => ({
      name: `sink ${name}`,
      ok: true,
      detail: failing === undefined ? `${delivered} records taken` : `takes nothing: ${failing}`,
    })),
  ];
}

/** Traffic goes on without a judge, as `outages.judge` says. */
function judgeChecks({ judge }: GatewayReport): readonly Check[] {
  if (judge === undefined) return [];
  const { away, answered, unanswered, policy } = judge;
  const counts = `${answered} answers, ${unanswered} questions without one`;
  if (away === undefined) return [{ name: "judge", ok: true, detail: counts }];
  const detail = `away (${away}): ${withoutJudge(policy)}; ${counts}`;
  return [{ name: "judge", ok: true, detail }];
}

function withoutJudge(policy: OutagePolicy): string {
  if (policy.kind === "degrade") return "text counts as the detectors found it";
  return isClosed(policy, wallMillis())
    ? "doubtful text is taken for an attack"
    : "doubtful text is let through";
}

/** A store that is away fails the check only where that closes something. */
function storeChecks({ kind, reachable, detail, outages }: StoreReport): readonly Check[] {
  if (kind === "embedded") return reachable ? [] : [{ name: "store", ok: false, detail }];
  const now = wallMillis();
  const closes = outages.some(({ policy }) => isClosed(policy, now));
  const rows = outages.map(({ dependency, policy, letThrough }) => ({
    name: `outage of ${dependency}`,
    ok: true,
    detail: `${outageText(policy, now)}; ${letThrough} let through so far`,
  }));
  return [{ name: "store", ok: reachable || !closes, detail }, ...rows];
}

function statusOf(identity: Identity, report: GatewayReport | undefined): Status {
  const checks = checksOf(report);
  return {
    version: VERSION,
    started_at: identity.startedAt,
    ready: checks.every(({ ok }) => ok),
    listen: identity.dataUrl,
    policy: {
      digest: report?.policy.digest ?? "",
      rules: report?.policy.rules ?? 0,
      problems: report?.policy.problems ?? [],
    },
    ledger: { healthy: report?.ledgerHealthy ?? false },
    upstreams: identity.upstreams.map((upstream) => upstreamStatus(upstream, report)),
  };
}

function upstreamStatus(
  { name, wire, origin }: Upstream,
  report: GatewayReport | undefined,
): UpstreamStatus {
  const tally = report?.tallies.find(({ upstream }) => upstream === name);
  return {
    name,
    wire,
    origin,
    exchanges: Object.fromEntries(tally?.outcomes ?? []),
    findings: Object.fromEntries(tally?.findings ?? []),
    cost_usd: usdText(tally?.cost ?? 0),
  };
}
