/** The shape of an `inspect` entry. */
import { DETECTORS } from "./detectors.ts";
import * as Type from "./json-schema.ts";
import { closed, globs, id } from "./schema-pieces.ts";

const Exception = Type.Object(
  {
    tools: Type.Optional(globs("Only in calls of these tools.", "docs.read_*")),
    fields: Type.Optional(
      globs(
        "Only there and below, as findings say it: JSON pointers (into what a stream becomes, too), " +
          "`body` of other text, `url`, `header:<name>`.",
        "/content/*/text",
      ),
    ),
    signatures: Type.Optional(globs("Only these signatures.", "override-*")),
    until: Type.String({ description: "A day or UTC time from which it counts no more." }),
    why: Type.String({ description: "For those who read the file later.", minLength: 1 }),
  },
  { ...closed, description: "All that is given must fit; what is left out fits everything." },
);

export const InspectSchema = Type.Object(
  {
    id: id("Names the rule in every finding; unique over all files."),
    on: Type.Array(Type.Enum(["request", "response", "tool_result"]), {
      description: "Where to look.",
      minItems: 1,
      maxItems: 3,
    }),
    calls: Type.Optional(
      Type.Array(Type.Enum(["llm", "tool", "http", "mcp"]), {
        description:
          "Only in calls of these kinds, as rules select them. What is said to a model is read, not " +
          "run: commands and addresses matter in the others. Default: all.",
        minItems: 1,
        maxItems: 4,
      }),
    ),
    find: Type.Array(Type.Enum([...DETECTORS]), { description: "What to look for.", minItems: 1 }),
    at: Type.Optional(
      Type.Union(
        [Type.Enum(["low", "medium", "high"]), Type.Integer({ minimum: 0, maximum: 100 })],
        { description: "Score from which it acts: low 30, medium 60, high 80. Default: medium." },
      ),
    ),
    do: Type.Enum(["block", "redact", "report"], {
      description:
        "What to do about a finding. `redact` puts a name in its place: `[secret]`, and numbered " +
        "ones for personal data, the same for the same value within a session: `[EMAIL_1]`. Of " +
        "injection in requests it withholds the whole text, and says so in its place.",
    }),
    restore: Type.Optional(
      Type.Boolean({
        description:
          "For `do: redact` of personal data in requests: names such as `[EMAIL_1]` that stand in " +
          "the answer become the values again before the agent sees it. What is taken out of an " +
          "answer or a tool's result stays a name, also where the agent calls a tool with it: spare " +
          "what it must hand on with `except` or `calls`. Default: false.",
      }),
    ),
    agents: Type.Optional(globs("Narrows the file's agents for this entry.", "support-*")),
    domains: Type.Optional(
      Type.Object(
        {
          trusted: Type.Optional(
            globs("Never doubted, unless their names lead inside.", "corp.example"),
          ),
          blocked: Type.Optional(globs("Always found, as `destination.listed`.", "evil.example")),
        },
        {
          ...closed,
          description:
            "For `destination`: domains with all that is below them; `=host` is one host alone. " +
            "They count for every entry that looks at the same text.",
        },
      ),
    ),
    except: Type.Optional(
      Type.Array(Exception, {
        minItems: 1,
        maxItems: 32,
        description: "Known findings that only report, each for a time.",
      }),
    ),
    marks: Type.Optional(
      Type.Array(id("A mark."), {
        minItems: 1,
        maxItems: 16,
        description: "Put on the session when this entry finds something; read by `session.marks`.",
      }),
    ),
  },
  { ...closed, description: "What to look for in the text that passes." },
);
