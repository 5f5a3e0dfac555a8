/** The native API with all it stands on; loaded with the first request to it. */
import type { RequestListener } from "node:http";
import type { Dialect, OpenDialect } from "../dialects/dialect.ts";
import type { DialectCore } from "../dialects/dialect-core.ts";
import { createNativeApi } from "../manage/native/native-api.ts";
import type { Services } from "../manage/native/services.ts";
import { ownListenerOf } from "./config/own-listener-of.ts";
import { createGate } from "./data-plane-gate.ts";
import { openIdentityServices } from "./services/identity-services.ts";
import { openMoneyServices } from "./services/money-services.ts";
import { openNotifyServices } from "./services/notify-services.ts";
import { openPolicyServices } from "./services/policy-services.ts";
import { openRecordServices } from "./services/record-services.ts";
import { openReviewServices } from "./services/review-services.ts";
import { openSecretServices } from "./services/secret-services.ts";
import type { ServiceParts } from "./services/service-parts.ts";
import { openPins, upstreamServices } from "./services/upstream-services.ts";
import { openConfiguredRedis } from "./ports/open-shared-redis.ts";
import { NOBODY_TOLD } from "./observe/store-events.ts";
import { VERSION } from "./version.ts";
import type { Environment } from "./config/environment.ts";
import { now } from "./now.ts";

export interface NativePlaneParts extends Omit<ServiceParts, "now" | "redis"> {
  /** Where agents reach the data plane. */
  readonly dataUrl: string;
  readonly environment: Environment;
}

export interface NativePlane extends AsyncDisposable {
  readonly serve: RequestListener;
  /** Opened once. */
  dialect(dialect: Dialect): Promise<RequestListener>;
}

/** Throws the system's error where a store cannot be opened. */
export async function openNativePlane(given: NativePlaneParts): Promise<NativePlane> {
  const { config, vitals } = given;
  await using started = new AsyncDisposableStack();
  const redis = await openConfiguredRedis(config, NOBODY_TOLD, started);
  const parts: ServiceParts = { ...given, redis, now };
  const identity = await openIdentityServices(parts, started);
  const pins = openPins(parts, started);
  const { policies } = openPolicyServices(parts, { ports: identity.ports, started });
  const secrets = await openSecretServices(parts, identity.ports, started);
  const reviewing = await openReviewServices(parts, identity.ports, pins, started);
  const services: Services = {
    version: VERSION,
    vitals,
    identity,
    policies,
    ...(await openMoneyServices(parts, policies.budgets, started)),
    ...reviewing,
    ...upstreamServices(parts, identity.ports, pins),
    ...secrets,
    ...openNotifyServices(parts, { ...secrets.secrets, ...reviewing.reviews }, started),
    ...openRecordServices(parts, identity.ports, started),
    open: config.api.open,
    trustedProxies: config.api.trustedProxies,
    bootstrap: config.api.bootstrap,
  };
  const api = await createNativeApi(services);
  started.defer(() => api.close());
  const { dataUrl, environment } = given;
  const gate = createGate(dataUrl, ownListenerOf(config.listen), vitals);
  const core: DialectCore = { ...services, gate, environment };
  const open = new Map<Dialect, Promise<OpenDialect>>();
  started.defer(async () => {
    await Promise.all([...open.values()].map(async (one) => (await one).close()));
  });
  const owned = started.move();
  return {
    serve: (request, response) => api.routing(request, response),
    async dialect(dialect) {
      const opening = open.get(dialect) ?? dialect.open(core);
      open.set(dialect, opening);
      return (await opening).serve;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
