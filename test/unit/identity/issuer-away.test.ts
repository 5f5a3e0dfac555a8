/** Tokens of an issuer that renews its keys, is away for a while, or for good. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as jose from "jose";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createAccessIndex } from "../../../src/core/identity/access-index.ts";
import { instant } from "../../../src/core/units.ts";
import { createTokenReader } from "../../../src/stores/tokens/token-reader.ts";

const ISSUER = "https://cluster.example";
const [first, second] = await Promise.all([newKey("one"), newKey("two")]);
const AWAY = `away: ${ISSUER}`;
const MINUTE_MS = 60_000;

let published: readonly jose.JWK[] = [];
let isAway = false;
let asked = 0;
let away: string[] = [];

const server = createServer((_request, response) => {
  asked += 1;
  response.statusCode = isAway ? 503 : 200;
  response.end(JSON.stringify({ keys: published }));
});

beforeEach(async () => {
  [published, isAway, asked, away] = [[first.jwk], false, 0, []];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.useFakeTimers({ toFake: ["Date", "performance"], now: Date.now() });
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function newKey(kid: string) {
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
  return { kid, privateKey, jwk: { ...(await jose.exportJWK(publicKey)), kid } };
}

function openReader() {
  const { port } = server.address() as AddressInfo;
  const trusted = {
    issuer: ISSUER,
    audience: "sallyport",
    jwks: `http://127.0.0.1:${port}/jwks`,
    subjectPrefix: "",
    caFile: undefined,
    tokenFile: undefined,
    announced: false,
    scopes: [],
  };
  const now = () => instant(Date.now());
  const reader = createTokenReader([trusted], now, (_issuer, { message }) => away.push(message));
  /** Whose it is, "nobody", or "away" where nobody can say. */
  return async ({ kid, privateKey }: typeof first): Promise<string> => {
    const token = await new jose.SignJWT({ iss: ISSUER, aud: "sallyport", sub: "bot" })
      .setProtectedHeader({ alg: "ES256", kid })
      .setExpirationTime("1h")
      .sign(privateKey);
    const read = await reader.read(token, createAccessIndex());
    if (read?.kind === "issuer_away") return `away: ${read.issuer}`;
    return read?.kind === "subject" ? read.subject : "nobody";
  };
}

it("a renewed key counts within seconds, and the one before no longer once it is withdrawn", async () => {
  const counts = openReader();
  expect(await counts(first)).toBe("bot");
  published = [second.jwk];
  vi.advanceTimersByTime(6_000);
  expect(await counts(second)).toBe("bot");
  expect(await counts(first)).toBe("nobody");
  expect(away).toEqual([]);
});

it("known keys count for an hour while it is away, of new ones nobody can say, and the operator is told", async () => {
  const counts = openReader();
  expect(await counts(first)).toBe("bot");
  isAway = true;
  published = [first.jwk, second.jwk];
  vi.advanceTimersByTime(11 * MINUTE_MS);
  const before = asked;
  for (let n = 0; n < 5; n += 1) expect(await counts(first)).toBe("bot");
  expect(await counts(second)).toBe(AWAY);
  expect(asked).toBe(before + 1);
  expect(away).toHaveLength(1);
  vi.advanceTimersByTime(60 * MINUTE_MS);
  expect(await counts(first)).toBe(AWAY);
  expect(away).toHaveLength(2);
  isAway = false;
  vi.advanceTimersByTime(6_000);
  expect(await counts(first)).toBe("bot");
  expect(await counts(second)).toBe("bot");
});

it("of one that never answered nobody can say anything, and it is asked again", async () => {
  isAway = true;
  const counts = openReader();
  expect(await counts(first)).toBe(AWAY);
  expect(away).toHaveLength(1);
  isAway = false;
  vi.advanceTimersByTime(6_000);
  expect(await counts(first)).toBe("bot");
});

it("a token that is wrong is nobody's, also while its issuer is away", async () => {
  const counts = openReader();
  expect(await counts(first)).toBe("bot");
  isAway = true;
  vi.advanceTimersByTime(11 * MINUTE_MS);
  expect(await counts({ ...second, kid: first.kid })).toBe("nobody");
});
