import type { AgentEntry } from "./config.ts";
import type { Complain } from "./resolve-upstream.ts";

/** A certificate or a token must not be two agents'. */
export function checkSubjects(agents: readonly AgentEntry[], complain: Complain): void {
  const owners = new Map<string, string>();
  for (const [index, { name, subjects }] of agents.entries()) {
    for (const subject of subjects) {
      const other = owners.get(subject);
      if (other === undefined) owners.set(subject, name);
      else complain(`agents[${index}].subjects`, `\`${other}\` has the same subject`);
    }
  }
}
