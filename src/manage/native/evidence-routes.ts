/** `/core/v1`: /ledger/heads, proofs and exports: what proves the record to others. */
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Type } from "typebox";
import { consistencyLine } from "../../core/ledger/consistency-proof.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../../core/ledger/export-format.ts";
import { proofLine } from "../../core/ledger/record-proof.ts";
import { headLine, parseHead } from "../../core/ledger/tree-head.ts";
import { asked, proveGrowth, proveRecords } from "../../operations/records/read-records.ts";
import type { Api } from "./api.ts";
import { EntryParams } from "./ledger-routes.ts";
import { timeOf } from "./ledger-json.ts";
import { answer, sendFault } from "./problem.ts";
import type { Services } from "./services.ts";

const READ = { role: "auditor", scope: "ledger:read" } as const;

const CONTENT_TYPES = {
  jsonl: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
} as const satisfies Record<ExportFormat, string>;

const HEAD_EXAMPLE = {
  at: 1_790_000_000_000,
  chains: [{ root: "5".repeat(64), size: 42, writer: "w_01kamz3v9e3x6v0q2m8r5t7w9y" }],
  key: "6".repeat(64),
  peaks: ["5".repeat(64)],
  root: "7".repeat(64),
  signature: "base64",
  v: 1,
  writer: "w_01kamz3v9e3x6v0q2m8r5t7w9y",
};

export function evidenceRoutes(api: Api, services: Services): void {
  addProofs(api, services);
  addConsistency(api, services);
  addExport(api, services);
}

function addProofs(api: Api, { records }: Services): void {
  const { index, evidence, signing, recording } = records;
  api.get(
    "/ledger/heads",
    {
      schema: {
        summary: "The last signed head of every chain",
        description: "Keep them elsewhere: only then do they show what is gone from here.",
        tags: ["ledger"],
        response: {
          200: Type.Object(
            { public_key: Type.String(), items: Type.Array(Type.Unknown()) },
            { examples: [{ public_key: "MCowBQYDK2VwAyEA", items: [HEAD_EXAMPLE] }] },
          ),
        },
      },
      config: { access: READ },
    },
    async (_request, reply) => {
      const heads = await asked(() => evidence.heads());
      return answer(reply, 200, heads, (signed) => ({
        public_key: signing.publicKey,
        items: signed.map((head): unknown => JSON.parse(headLine(head))),
      }));
    },
  );
  api.get(
    "/ledger/:entry/proof",
    {
      schema: {
        summary: "Prove records to whoever has the public key",
        description:
          "A head is signed for a record that is younger than the last one. Of another process's, it is " +
          "among the items once that process has signed its next head, on its interval.",
        tags: ["ledger"],
        params: EntryParams,
        response: {
          200: Type.Object(
            { items: Type.Array(Type.Unknown()) },
            { examples: [{ items: [{ hash: "5".repeat(64), head: HEAD_EXAMPLE, v: 1 }] }] },
          ),
        },
      },
      config: { access: READ },
    },
    async ({ caller, params }, reply) => {
      const { ledger } = recording;
      const proofs = await proveRecords(caller, params.entry, { index, evidence, ledger });
      return answer(reply, 200, proofs, (proven) => ({
        items: proven.map((proof): unknown => JSON.parse(proofLine(proof))),
      }));
    },
  );
}

function addConsistency(api: Api, { records: { evidence } }: Services): void {
  api.post(
    "/ledger/consistency",
    {
      schema: {
        summary: "Prove that the record only grew since a head was kept",
        description:
          "`head` is one of `GET /ledger/heads`, as it was kept. 409: something that was signed then is gone or was changed. `ledger verify --proof` checks the answer offline.",
        tags: ["ledger"],
        body: Type.Object(
          { head: Type.Object({}, { additionalProperties: true, description: "A signed head." }) },
          { additionalProperties: false, examples: [{ head: HEAD_EXAMPLE }] },
        ),
        response: {
          200: Type.Object(
            {
              consistency: Type.Array(Type.Unknown()),
              from: Type.Unknown(),
              to: Type.Unknown(),
              v: Type.Integer(),
            },
            {
              examples: [
                {
                  consistency: [{ path: ["8".repeat(64)], writer: HEAD_EXAMPLE.writer }],
                  from: HEAD_EXAMPLE,
                  to: HEAD_EXAMPLE,
                  v: 1,
                },
              ],
            },
          ),
        },
      },
      config: { access: READ },
    },
    async ({ body }, reply) => {
      const head = parseHead(body.head);
      if (head === undefined) {
        const detail = "This is no signed head: `GET /core/v1/ledger/heads` shows them.";
        return sendFault(reply, { code: "invalid", detail, pointer: "/head" });
      }
      const proof = await proveGrowth(head, evidence);
      return answer(reply, 200, proof, (proven): unknown => JSON.parse(consistencyLine(proven)));
    },
  );
}

function addExport(api: Api, { records: { evidence, signing, draftPath } }: Services): void {
  api.get(
    "/ledger/export",
    {
      schema: {
        summary: "Records as a signed file",
        description:
          "The header `sallyport-signature` is what `ledger verify --export` reads beside the file.",
        tags: ["ledger"],
        querystring: Type.Object(
          {
            format: Type.Optional(Type.Enum(EXPORT_FORMATS)),
            agent: Type.Optional(Type.String({ maxLength: 128 })),
            kind: Type.Optional(Type.String({ maxLength: 128, description: "With commas." })),
            from: Type.Optional(Type.String({ format: "date-time", description: "Not before." })),
            to: Type.Optional(Type.String({ format: "date-time", description: "Before." })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: "The file.",
            content: { "application/x-ndjson": { schema: Type.String() } },
          },
        },
      },
      config: { access: READ, raw: true },
    },
    async ({ caller: { tenant }, query }, reply) => {
      const { format = "jsonl", agent, kind, from, to } = query;
      const path = draftPath();
      const selection = {
        format,
        tenant,
        agent,
        kinds: kind?.split(",") ?? [],
        from: timeOf(from),
        to: timeOf(to),
      };
      const exported = await asked(() => evidence.exportTo(path, selection));
      if (exported.kind === "fault") return sendFault(reply, exported.fault);
      const file = createReadStream(path).on("close", () => void rm(path, { force: true }));
      return reply
        .type(CONTENT_TYPES[format])
        .header("sallyport-signature", signing.sign(exported.value))
        .header("content-disposition", `attachment; filename="ledger.${format}"`)
        .send(file);
    },
  );
}
