/** To whom servers gave states, for all replicas: the client's answer may come to any of them. */
import type { CarriedApproval, RequestStateStore } from "../../core/session/request-states.ts";
import { id, type Digest, type ReviewId } from "../../core/units.ts";
import { sha256Hex } from "../../lib/canonical-json.ts";
import { CARRY_STATE, GIVE_STATE, MAY_BRING_STATE } from "./mcp-scripts.ts";
import { mcpPlace } from "./mcp-place.ts";
import type { RedisMcpOptions } from "./mcp-session-store.ts";
import type { RedisScript } from "./redis-script.ts";

export class RedisRequestStates implements RequestStateStore {
  readonly #options: RedisMcpOptions;

  constructor(options: RedisMcpOptions) {
    this.#options = options;
  }

  give(state: string, call: string, approval?: CarriedApproval): void {
    const text = approval === undefined ? "" : `${approval.review} ${approval.policy}`;
    // Where Redis is away its server alone judges who brings it, and a person is asked again.
    this.#run(GIVE_STATE, state, call, [text]).catch(() => undefined);
  }

  async mayBring(state: string, call: string): Promise<boolean> {
    try {
      return (await this.#run(MAY_BRING_STATE, state, call, [])) === 1;
    } catch {
      return false;
    }
  }

  async carry(state: string, call: string): Promise<CarriedApproval | undefined> {
    try {
      const found = await this.#run(CARRY_STATE, state, call, []);
      if (typeof found !== "string") return undefined;
      const [review = "", policy = ""] = found.split(" ");
      return { review: id<ReviewId>(review), policy: id<Digest>(policy) };
    } catch {
      return undefined;
    }
  }

  #run(
    script: RedisScript,
    state: string,
    call: string,
    args: readonly string[],
  ): Promise<unknown> {
    const { client, keys } = this.#options;
    const place = mcpPlace(keys, "state", state);
    return client.run(script, [place, `${place}:${sha256Hex(call)}`], args);
  }
}
