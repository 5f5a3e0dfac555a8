/** The native API with all it stands on; loaded with the first request to it. */
import type { RequestListener } from "node:http";
import { instant, type Instant } from "../core/units.ts";
import { wallMillis } from "../lib/clock.ts";
import { createNativeApi } from "../manage/native/native-api.ts";
import { openIdentityServices } from "./services/identity-services.ts";
import { openMoneyServices } from "./services/money-services.ts";
import { openNotifyServices } from "./services/notify-services.ts";
import { openPolicyServices } from "./services/policy-services.ts";
import { openRecordServices } from "./services/record-services.ts";
import { openReviewServices } from "./services/review-services.ts";
import { openSecretServices } from "./services/secret-services.ts";
import type { ServiceParts } from "./services/service-parts.ts";
import { openPins, upstreamServices } from "./services/upstream-services.ts";
import { openSharedRedis } from "./open-shared-redis.ts";
import { NOBODY_TOLD } from "./store-events.ts";
import { VERSION } from "./version.ts";

export interface NativePlane extends AsyncDisposable {
  readonly serve: RequestListener;
}

/** Throws the system's error where a store cannot be opened. */
export async function openNativePlane(
  given: Omit<ServiceParts, "now" | "redis">,
): Promise<NativePlane> {
  const { config, vitals } = given;
  const now = (): Instant => instant(wallMillis());
  await using started = new AsyncDisposableStack();
  const redis =
    config.store.kind === "redis"
      ? started.use(await openSharedRedis(config.store, NOBODY_TOLD))
      : undefined;
  const parts: ServiceParts = { ...given, redis, now };
  const identity = await openIdentityServices(parts, started);
  const pins = openPins(parts, started);
  const { policies } = openPolicyServices(parts, identity.ports);
  const secrets = openSecretServices(parts, identity.ports, started);
  const api = await createNativeApi({
    version: VERSION,
    vitals,
    identity,
    policies,
    ...(await openMoneyServices(parts, policies.budgets, started)),
    ...(await openReviewServices(parts, pins, started)),
    ...upstreamServices(parts, identity.ports, pins),
    ...secrets,
    ...openNotifyServices(parts, secrets.secrets, started),
    ...openRecordServices(parts),
    open: config.api.open,
    bootstrapToken: config.api.bootstrapToken,
  });
  started.defer(() => api.close());
  const owned = started.move();
  return {
    serve: (request, response) => api.routing(request, response),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
