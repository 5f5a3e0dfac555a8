import { describe, expect, it } from "vitest";
import { withTasks } from "../../../src/proxy/mcp/tasks/offer-tasks.ts";

const said = (protocolVersion: string | undefined, capabilities: object = { tools: {} }) => ({
  ...(protocolVersion !== undefined && { protocolVersion }),
  capabilities: { ...capabilities },
});

describe("a server's introduction", () => {
  it("offers tasks from the revision on that has them", () => {
    const tasks = { list: {}, cancel: {}, requests: { tools: { call: {} } } };
    expect(withTasks(said("2025-11-25"), "2025")["capabilities"]).toEqual({ tools: {}, tasks });
    expect(withTasks(said(undefined), "2025")["capabilities"]).toEqual({ tools: {}, tasks });
    expect(withTasks(said(undefined), "2026")["capabilities"]).toEqual({
      tools: {},
      extensions: { "io.modelcontextprotocol/tasks": {} },
    });
  });

  it.each(["2024-11-05", "2025-03-26", "2025-06-18"])("is left alone in %s", (version) => {
    const introduction = said(version);
    expect(withTasks(introduction, "2025")).toBe(introduction);
  });

  it("is left alone where the server has tasks of its own", () => {
    const own = said("2025-11-25", { tasks: { requests: { tools: { call: {} } } } });
    expect(withTasks(own, "2025")).toBe(own);
  });
});
