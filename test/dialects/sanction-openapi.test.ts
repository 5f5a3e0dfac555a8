/**
 * Every operation of Sanction's OpenAPI document, on a running gate, with every status that it
 * declares. Where the document itself is at hand, each answer is held against its schema.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSallyport, type SallyportProcess } from "../support/sallyport-process.ts";
import { call, openWallet, type Reply, type Wallet } from "../support/sanction-wallet.ts";
import operations from "./sanction-operations.json" with { type: "json" };

/** The folder of the original documents. */
const CONTRACT =
  process.env["SALLYPORT_CONTRACT"] ??
  fileURLToPath(new URL("../../../shared/seeds", import.meta.url));
const DOCUMENT = `${CONTRACT}/000_5b7d3dd6245c20cf.txt`;

// oxlint-disable-next-line typescript/no-explicit-any -- a document of any shape
const document: any = existsSync(DOCUMENT) ? JSON.parse(readFileSync(DOCUMENT, "utf8")) : undefined;
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
if (document !== undefined) ajv.addSchema(document, "sanction");

const WRONG = { "x-api-key": "pxy_wrong", "x-mgmt-key": "sk_wrong", authorization: "Bearer a.b.c" };

let gate: SallyportProcess;
let wallet: Wallet;

beforeAll(async () => {
  gate = await startSallyport({ config: "upstreams: []\n", policies: {} });
  // Under the prefix as well as at the root: the other tests ask there.
  wallet = await openWallet(gate, {}, { prefix: "/sanction" });
  for (const label of ["stripe_key", "other_key", "short_lived"]) await store(label);
});
afterAll(() => gate[Symbol.asyncDispose]());

const store = (label: string): Promise<Reply> =>
  wallet.asOwner("/credentials/vault", {
    wallet_id: wallet.id,
    label,
    type: "api_key",
    value: "a value of eight or more",
  });
const issue = async (...scope: readonly string[]): Promise<Record<string, unknown>> =>
  (await wallet.asAgent("/exec", { scope, budget_usd: 1 })).json;
const inject = async (label: string, ...scope: readonly string[]): Promise<Reply> => {
  const { jwt } = await issue(...scope);
  return wallet.asAgent(
    "/credentials/inject",
    { credential_label: label },
    { authorization: `Bearer ${String(jwt)}` },
  );
};

/** What reaches a status, beside 401, which is the same everywhere. */
const PROBES: Readonly<Record<string, Readonly<Record<number, () => Promise<Reply>>>>> = {
  "POST /authorize": { 200: () => wallet.spend(10), 403: () => wallet.spend(60) },
  "POST /tokens": {
    200: () => wallet.asAgent("/tokens", usage(0.01)),
    402: () => wallet.asAgent("/tokens", usage(10.01)),
  },
  "POST /exec": {
    200: () => wallet.asAgent("/exec", { scope: ["stripe_key"], budget_usd: 1 }),
    403: () => wallet.asAgent("/exec", { scope: ["nothing"], budget_usd: 1 }),
  },
  "POST /exec/revoke": {
    200: async () => revoke((await issue("stripe_key"))["jti"]),
    404: () => revoke("ses_none"),
  },
  "POST /credentials/inject": {
    200: () => inject("stripe_key", "stripe_key"),
    403: () => inject("other_key", "stripe_key"),
    404: async () => {
      const { jwt } = await issue("short_lived");
      await fetch(`${gate.manageUrl}/core/v1/secrets/short_lived`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${wallet.ownerKey}` },
      });
      const headers = { authorization: `Bearer ${String(jwt)}` };
      return wallet.asAgent("/credentials/inject", { credential_label: "short_lived" }, headers);
    },
  },
  "GET /wallets/stats": { 200: () => wallet.asAgent(`/wallets/stats?wallet_id=${wallet.id}`) },
};

const usage = (cost_usd: number) => ({ model: "gpt-4o", tokens_in: 10, tokens_out: 5, cost_usd });
const revoke = (jti: unknown): Promise<Reply> =>
  wallet.asOwner("/exec/revoke", { wallet_id: wallet.id, jti });

function probe(operation: string, status: number): Promise<Reply> | undefined {
  if (status !== 401) return PROBES[operation]?.[status]?.();
  const [method, path = ""] = operation.split(" ");
  return call(`${gate.manageUrl}/api/v1${path}`, method === "POST" ? {} : undefined, WRONG);
}

/** Why an answer is not what the document declares; undefined where it is, or it declares nothing. */
function misfit(operation: string, { status, json }: Reply): string | undefined {
  if (document === undefined) return undefined;
  const [method = "", path = ""] = operation.split(" ");
  const declared = document.paths[path][method.toLowerCase()].responses[status].content;
  if (declared === undefined) return undefined;
  const schema: string = declared["application/json"].schema.$ref;
  const validate = ajv.getSchema(`sanction${schema}`);
  if (validate === undefined) return `no schema at ${schema}`;
  return validate(json) === true ? undefined : ajv.errorsText(validate.errors);
}

const declared = Object.entries(operations).flatMap(([operation, statuses]) =>
  statuses.map((status) => ({ operation, status })),
);

describe("Sanction's document", () => {
  it.each(declared)("$operation answers $status as declared", async ({ operation, status }) => {
    const reply = await probe(operation, status);
    expect(reply?.status, JSON.stringify(reply?.json)).toBe(status);
    if (reply === undefined) return;
    expect(misfit(operation, reply)).toBeUndefined();
    const isRefused = status >= 400;
    if (isRefused) expect(reply.json).toMatchObject({ error: expect.any(String) });
  });

  it.skipIf(document === undefined)("is what the list of operations was made from", () => {
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { responses: object }>).map(
        ([method, { responses }]) =>
          [`${method.toUpperCase()} ${path}`, Object.keys(responses).map(Number)] as const,
      ),
    );
    expect(operations).toEqual(Object.fromEntries(listed));
  });

  it.skipIf(document === undefined)("shows every member that its answers declare", async () => {
    const shown = {
      AuthorizeResponse: (await wallet.spend(30)).json,
      ExecTokenResponse: await issue("stripe_key"),
      CredentialInjectResponse: (await inject("stripe_key", "stripe_key")).json,
      WalletStatsResponse: (await wallet.asAgent(`/wallets/stats?wallet_id=${wallet.id}`)).json,
      ExecRevokeResponse: (await revoke((await issue("stripe_key"))["jti"])).json,
      Error: (await call(`${gate.manageUrl}/api/v1/tokens`, {}, WRONG)).json,
    };
    for (const [name, json] of Object.entries(shown)) {
      const members = Object.keys(document.components.schemas[name].properties);
      expect(Object.keys(json), name).toEqual(expect.arrayContaining(members));
    }
  });
});
