/** `/core/v1`: /policies: what is in force. */
import { Type } from "typebox";
import type { Api } from "./api.ts";
import type { Written } from "./fields.ts";
import type { Services } from "./services.ts";

const PoliciesJson = Type.Object(
  {
    digest: Type.String({ description: "Of what is in force." }),
    rules: Type.Integer(),
    files: Type.Array(Type.Object({ name: Type.String(), text: Type.String() })),
  },
  {
    examples: [
      { digest: "5f2c…", rules: 12, files: [{ name: "support-bot.yaml", text: "version: 1\n…" }] },
    ],
  },
);

export function policyRoutes(api: Api, { policies }: Services): void {
  api.get(
    "/policies",
    {
      schema: {
        summary: "The policies in force",
        tags: ["policies"],
        response: { 200: PoliciesJson },
      },
      config: { access: { role: "viewer", scope: "policies:read", operator: true } },
    },
    async (): Promise<Written<typeof PoliciesJson>> => {
      const { digest, ruleCount } = await policies.snapshot();
      const files = policies.ports.files().map(({ file, text }) => ({ name: file, text }));
      return { digest, rules: ruleCount, files };
    },
  );
}
