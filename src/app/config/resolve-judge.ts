import type { JudgeSettings } from "../../stores/judge/llm-judge.ts";
import type { Upstream } from "../../core/upstream.ts";
import type { AgentEntry, ListenerConfig } from "./config.ts";
import type { ConfigFile } from "./config-schema.ts";
import { ownListenerOf } from "./own-listener-of.ts";
import type { Outages } from "./store-settings.ts";

type Complain = (path: string, message: string, suggestion?: string) => void;

interface Parts {
  readonly agents: readonly AgentEntry[];
  readonly upstreams: readonly Upstream[];
  readonly outages: Outages;
  readonly listener: ListenerConfig;
}

/** Undefined where none is configured. */
export function resolveJudge(
  { judge }: ConfigFile,
  { agents, upstreams, outages, listener }: Parts,
  complain: Complain,
): JudgeSettings | undefined {
  if (judge === undefined) return undefined;
  const { upstream: name, model, agent, from, to, timeout_ms: timeout } = judge;
  const upstream = upstreams.find((one) => one.name === name);
  if (upstream?.wire !== "openai") {
    const what = upstream === undefined ? "no upstream is called" : "a judge must speak openai:";
    complain("judge.upstream", `${what} \`${name}\``, "name one of `upstreams` with wire: openai");
  }
  if (!agents.some((one) => one.name === agent)) {
    complain("judge.agent", `no agent is called \`${agent}\``, "add it to `agents`");
  }
  if (from > to) complain("judge.to", "the band ends before it begins", `to: ${from} or more`);
  const band = { from, to, raiseMax: judge.raise_max, lowerMax: judge.lower_max };
  const own = ownListenerOf(listener);
  return { upstream: name, model, agent, band, timeout, outage: outages.judge, own };
}
