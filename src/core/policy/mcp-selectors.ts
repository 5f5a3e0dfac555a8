/** Rule keys that select MCP calls by what they are about, and the methods each stands for. */
import type { McpMethod } from "../action-classes.ts";

interface McpSelector {
  /** What a test and the command line call one such call. */
  readonly one: string;
  readonly methods: readonly McpMethod[];
  /** Whether the globs are `upstream.name`, or upstreams alone. */
  readonly names: boolean;
  readonly example: string;
}

export const MCP_SELECTORS = {
  prompts: {
    one: "prompt",
    methods: ["prompts/get"],
    names: true,
    example: "crm.greet_*",
  },
  resources: {
    one: "resource",
    methods: ["resources/read", "resources/subscribe", "resources/unsubscribe"],
    names: true,
    example: "docs.file:///handbook/*",
  },
  completions: {
    one: "completion",
    methods: ["completion/complete"],
    names: true,
    example: "crm.*",
  },
  sampling: {
    one: "sampling",
    methods: ["sampling/createMessage"],
    names: false,
    example: "crm",
  },
  elicitation: {
    one: "elicitation",
    methods: ["elicitation/create"],
    names: false,
    example: "crm",
  },
} as const satisfies Record<string, McpSelector>;

export type McpSelectorKey = keyof typeof MCP_SELECTORS;

/** The methods that a server asks of the client. */
export const ASKED_METHODS: readonly string[] = [
  ...MCP_SELECTORS.sampling.methods,
  ...MCP_SELECTORS.elicitation.methods,
];

export const MCP_SELECTOR_KEYS: readonly McpSelectorKey[] = [
  "prompts",
  "resources",
  "completions",
  "sampling",
  "elicitation",
];
