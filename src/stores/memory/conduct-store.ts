import {
  noteCost,
  noteHabit,
  noteSpend,
  openHabits,
  type AgentHabits,
} from "../../core/session/agent-habits.ts";
import type { Call, CallEnd, Conduct, ConductStore, Sighting } from "../../core/session/conduct.ts";
import {
  keep,
  levelOf,
  note,
  noteEnd,
  openWindow,
  type SessionWindow,
} from "../../core/session/session-window.ts";
import type { Principal } from "../../core/principal.ts";
import type { Instant } from "../../core/units.ts";
import { Recent, sessionKey } from "./recent.ts";

/** Sessions and agents remembered: the one that was quiet longest goes first. */
export const SESSIONS_MAX = 4096;
const AGENTS_MAX = 1024;

interface Session {
  readonly window: SessionWindow;
  /** Told with the next call: it was seen when the last one had gone out. */
  pending: readonly Sighting[];
}

/** The conduct that one process sees. A session's connections mostly stay with one worker. */
export function createConductStore(): ConductStore {
  return new MemoryConductStore();
}

class MemoryConductStore implements ConductStore {
  readonly #sessions = new Recent<Session>(SESSIONS_MAX, openSession);
  readonly #agents = new Recent<AgentHabits>(AGENTS_MAX, openHabits);

  get watching(): boolean {
    return this.#sessions.size > 0;
  }

  observe(principal: Principal, call: Call, at: Instant): Conduct {
    const session = this.#sessions.of(sessionKey(principal));
    const habits = this.#habits(principal);
    const late = session.pending;
    session.pending = [];
    const unusual = [...noteHabit(habits, call), ...noteSpend(call.spend)];
    keep(session.window, unusual, at);
    const sightings = [...note(session.window, call, at), ...unusual, ...late];
    return { level: levelOf(session.window, at), sightings };
  }

  ended(principal: Principal, end: CallEnd, at: Instant): void {
    const session = this.#sessions.known(sessionKey(principal));
    if (session === undefined) return;
    noteEnd(session.window, end, at);
    const dear = noteCost(this.#habits(principal), end.cost);
    keep(session.window, dear, at);
    session.pending = dear;
  }

  #habits({ tenant, agent }: Principal): AgentHabits {
    return this.#agents.of(JSON.stringify([tenant, agent]));
  }
}

function openSession(): Session {
  return { window: openWindow(), pending: [] };
}
