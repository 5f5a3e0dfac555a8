import { expect, it } from "vitest";
import { openNativeFixture } from "../../support/native-api.ts";

it("shows the policies in force, and says what they say of a call", async () => {
  await using fixture = await openNativeFixture();
  const { json } = await fixture.ask("GET", "/core/v1/policies");
  expect(json.rules).toBeGreaterThan(0);
  expect(json.files.map(({ name }: { name: string }) => name)).toContainEqual(
    expect.stringContaining("support-bot.yaml"),
  );
  const body = { agent: "nobody", tool: "crm.delete_customer", arguments: { id: "42" } };
  const asked = await fixture.ask("POST", "/core/v1/decisions", { body });
  expect(asked.json).toMatchObject({ effect: "deny", policy: json.digest });
  const both = { body: { ...body, model: "gpt-5" } };
  expect((await fixture.ask("POST", "/core/v1/decisions", both)).status).toBe(400);
});
