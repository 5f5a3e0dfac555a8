import { expect, it } from "vitest";
import { secretUseListener } from "../../../src/app/observe/secret-use-listener.ts";
import type { Principal } from "../../../src/core/principal.ts";
import { id } from "../../../src/core/units.ts";
import { closedFacts } from "./closed-facts.ts";

const principal: Principal = {
  agent: id("bot"),
  tenant: id("acme"),
  session: id("run-1"),
  team: undefined,
  user: undefined,
  run: undefined,
  tags: {},
  provenBy: "api_key",
};

it("counts the vault's secrets of each call, whatever the one before was lent", () => {
  const added: string[] = [];
  const listen = secretUseListener({ add: (tenant, name) => added.push(`${tenant} ${name}`) });
  const lent = ["ai@2", "ai@2", "a@1 b@12", undefined, "env://KEY", "a@1 env://X", "ai@3"];
  for (const credential of lent) listen({ ...closedFacts({}), principal, credential });
  expect(added).toEqual(["ai", "ai", "a", "b", "a", "ai"].map((name) => `acme ${name}`));
});
