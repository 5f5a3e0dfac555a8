/**
 * A model's opinion on texts that the detectors are not sure of. It is asked through this gateway,
 * as an agent of its own: so its calls have rules, a budget, a credential from the vault and a record
 * like anybody's, and nothing of that is written twice.
 */
import { createHash } from "node:crypto";
import { DEFAULT_TENANT } from "../../core/identity/tenant.ts";
import {
  openOpinions,
  type Judge,
  type Opinions,
  type UncertainBand,
  type WithoutOpinion,
} from "../../core/inspect/opinions.ts";
import type { Principal } from "../../core/principal.ts";
import type { Instant } from "../../core/units.ts";
import { messageOf } from "../../lib/caught.ts";
import { randomToken } from "../../lib/ids.ts";
import type { OutagePolicy } from "../outage/outage-policy.ts";
import type { OwnListener } from "../../lib/own-listener.ts";
import { answerIn, questionAbout } from "./answer-of-judge.ts";
import { postQuestion, type Reply } from "./post-question.ts";

export interface JudgeSettings {
  readonly upstream: string;
  readonly model: string;
  /** Whom its calls are made as: one of the agents. */
  readonly agent: string;
  readonly band: UncertainBand;
  /** Milliseconds for one answer. */
  readonly timeout: number;
  readonly outage: OutagePolicy;
  /** How the gateway serves TLS; undefined: clear text. */
  readonly own: OwnListener | undefined;
}

export interface JudgeEvents {
  judgeAway(cause: string): void;
}

/** How it went since the start. What was remembered was not asked. */
export interface JudgeReport {
  readonly answered: number;
  readonly unanswered: number;
  /** Why the newest question had no answer; undefined: it had one, or there was none. */
  readonly away: string | undefined;
  readonly policy: OutagePolicy;
}

/** Opinions remembered; the one that was asked for longest ago goes first. */
const OPINIONS_MAX = 4096;
/** Questions at the same time; more are without an answer. */
const ASKING_MAX = 16;
const MARK_BYTES = 12;

export class LlmJudge implements Judge {
  readonly #settings: JudgeSettings;
  readonly #key: string;
  readonly #events: JudgeEvents;
  readonly #now: () => Instant;
  /** By the text's hash: the text itself need not be kept. */
  readonly #opinions = new Map<string, Promise<number | undefined>>();
  #gateway: string | undefined;
  #asking = 0;
  #answered = 0;
  #unanswered = 0;
  /** Why the newest question had no answer. */
  #away: string | undefined;

  /** `key`: its agent's, known to this process alone. */
  constructor(settings: JudgeSettings, key: string, events: JudgeEvents, now: () => Instant) {
    this.#settings = settings;
    this.#key = key;
    this.#events = events;
    this.#now = now;
  }

  /** Where this gateway answers. Until then the judge is away. */
  listensAt(url: string): void {
    this.#gateway = url;
  }

  /** Another tenant may have an agent of the same name. */
  isOwn({ agent, tenant }: Principal): boolean {
    return agent === this.#settings.agent && tenant === DEFAULT_TENANT;
  }

  report(): JudgeReport {
    const { outage: policy } = this.#settings;
    return { answered: this.#answered, unanswered: this.#unanswered, away: this.#away, policy };
  }

  openOpinions(): Opinions {
    return openOpinions({
      band: this.#settings.band,
      ask: (excerpt) => this.#opinionOn(excerpt),
      withoutOpinion: () => this.#withoutOpinion(),
    });
  }

  #withoutOpinion(): WithoutOpinion {
    const { outage } = this.#settings;
    switch (outage.kind) {
      case "closed":
        return "attack";
      case "open":
        return this.#now() < outage.until ? "harmless" : "attack";
      case "degrade":
        return "as_found";
    }
  }

  #opinionOn(excerpt: string): Promise<number | undefined> {
    const hash = createHash("sha256").update(excerpt).digest("base64url");
    const known = this.#opinions.get(hash);
    this.#opinions.delete(hash);
    const opinion = known ?? this.#ask(excerpt, hash);
    this.#opinions.set(hash, opinion);
    if (this.#opinions.size > OPINIONS_MAX) {
      const [oldest = ""] = this.#opinions.keys();
      this.#opinions.delete(oldest);
    }
    return opinion;
  }

  async #ask(excerpt: string, hash: string): Promise<number | undefined> {
    let cause = "too many questions at once";
    if (this.#asking < ASKING_MAX) {
      this.#asking += 1;
      try {
        const { status, body } = await this.#post(excerpt);
        const score = status === 200 ? answerIn(body) : undefined;
        if (score !== undefined) {
          this.#answered += 1;
          this.#away = undefined;
          return score;
        }
        cause =
          status === 200 ? "it did not answer the question" : `its call was answered ${status}`;
      } catch (error) {
        cause = messageOf(error);
      } finally {
        this.#asking -= 1;
      }
    }
    // What was not answered is asked again next time.
    this.#opinions.delete(hash);
    this.#unanswered += 1;
    this.#away = cause;
    this.#events.judgeAway(cause);
    return undefined;
  }

  async #post(excerpt: string): Promise<Reply> {
    const { upstream, model, timeout, own } = this.#settings;
    if (this.#gateway === undefined) throw new Error("the gateway does not listen yet");
    const question = {
      url: `${this.#gateway}/${upstream}/v1/chat/completions`,
      signal: AbortSignal.timeout(timeout),
      headers: { "content-type": "application/json", "x-sallyport-key": this.#key },
      body: JSON.stringify(questionAbout(excerpt, model, randomToken(MARK_BYTES))),
    };
    return postQuestion(question, own);
  }
}
