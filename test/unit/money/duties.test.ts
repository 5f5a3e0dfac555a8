/**
 * What users of other gateways complain of most, and where this one is held to better: number,
 * complaint, duty, and the tests by file and title. A duty whose test is gone fails here.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = new URL("../../", import.meta.url);

const LLM = "e2e/llm-duties.test.ts";
const SUITE = "contract/budget-store-suite.ts";
const EVERY = "e2e/every-dialect-every-scope.test.ts";

interface Duty {
  readonly n: number;
  readonly what: string;
  /** File and title. */
  readonly proofs: readonly (readonly [string, string])[];
}

const DUTIES: readonly Duty[] = [
  {
    n: 1,
    what: "litellm#34732: checked and held in one atomic step",
    proofs: [
      [SUITE, "admits exactly 100 of 200 parallel callers where 100 fit"],
      [
        "contract/redis-budget-store.test.ts",
        "admits exactly 100 of 200 callers in four processes",
      ],
    ],
  },
  {
    n: 2,
    what: "litellm#27639: leases end, a sweeper, a metric of live holds",
    proofs: [
      [SUITE, "turns a hold into spend when its lease ends, and lets a late settle correct it"],
      ["contract/budget-store.test.ts", "sweeps more dead leases than fit one step"],
      ["unit/redis/tenant-memory.test.ts", "does not grow with calls that nobody settles"],
      [LLM, "live holds are a metric, and none is left over"],
    ],
  },
  {
    n: 3,
    what: "litellm#30460: replicas do not add up what they know",
    proofs: [
      ["contract/redis-bad-days.test.ts", "each tells what it knows and nothing is added up"],
      ["contract/budget-month.test.ts", "a month of traffic over eight replicas"],
    ],
  },
  {
    n: 4,
    what: "litellm#34238: no local copy decides, nobody new opens a budget",
    proofs: [
      [EVERY, "per %s lets one of many at once through, and another's too"],
      ["e2e/shared-store.test.ts", "let exactly as many calls through as the budget has"],
    ],
  },
  {
    n: 5,
    what: "litellm#27381: a limit without an enforcer ends the start",
    proofs: [
      ["e2e/limits-at-start.test.ts", "ends at once and names %s"],
      ["unit/app/unenforced-limits.test.ts", "names the limits that a store lets be overdrawn"],
    ],
  },
  {
    n: 6,
    what: "litellm#38176: no path is unmetered",
    proofs: [
      [LLM, "no path is unmetered: %s"],
      [LLM, "a path that no dialect knows does not go out without a rule that names it"],
    ],
  },
  {
    n: 7,
    what: "bifrost#2873: every dialect by every scope",
    proofs: [[EVERY, "a budget of one call by %s"]],
  },
  {
    n: 8,
    what: "bifrost#3547: the shared store is the only truth",
    proofs: [
      ["e2e/shared-store.test.ts", "two Sallyports on one Redis"],
      ["e2e/workers.test.ts", "parallel calls through where ${FIT} fit"],
    ],
  },
  {
    n: 9,
    what: "new-api#6609: prepaid money is not had twice",
    proofs: [
      ["contract/budget-store.test.ts", "admits exactly 100 of 200 callers in four processes"],
    ],
  },
  {
    n: 10,
    what: "litellm#40741: an unknown price is never zero",
    proofs: [
      [LLM, "an unknown price is refused, never zero"],
      ["unit/money/bad-amounts.test.ts", "is no worst case for models that nobody priced: %s"],
    ],
  },
  {
    n: 11,
    what: "litellm#23503: prices are checked by magnitude, and not from a live branch",
    proofs: [
      ["unit/money/price-catalogue.test.ts", "has no row a hundred thousand times too dear"],
      ["unit/money/price-catalogue.test.ts", "never goes to the network"],
      ["unit/money/prices-command.test.ts", "reports every slip with its place"],
    ],
  },
  {
    n: 12,
    what: "litellm PR #39294: who answered is priced, another model is reserved anew",
    proofs: [
      [LLM, "the model that answered is priced"],
      ["wire/budgets.test.ts", "asks the other model, as policy allows and charges it"],
    ],
  },
  {
    n: 13,
    what: "litellm#36168: usage in any chunk",
    proofs: [[LLM, "usage beside the last content counts"]],
  },
  {
    n: 14,
    what: "litellm#37992: null is not zero",
    proofs: [[LLM, "an explicit zero is zero, and null is not"]],
  },
  {
    n: 15,
    what: "litellm#14457: who leaves pays",
    proofs: [[LLM, "a client that leaves pays what was held"]],
  },
  {
    n: 16,
    what: "ai-gateway#2290: usage is merged by dialect",
    proofs: [
      [LLM, "usage of message_start and message_delta belong together"],
      ["unit/llm/golden-streams.test.ts", "bills the same however it is cut: $file"],
    ],
  },
  {
    n: 17,
    what: "Kong#14535: missing usage keeps the hold",
    proofs: [
      [LLM, "a stream that breaks off without usage keeps its hold"],
      [LLM, "a whole stream without usage is counted here, and flagged"],
    ],
  },
  {
    n: 18,
    what: "bifrost#904: classes are disjoint at the border",
    proofs: [
      [LLM, "cached tokens are in the prompt's count on one wire, beside it on another"],
      ["unit/money/usage-reader.test.ts", "makes disjoint classes that add up to what was billed"],
    ],
  },
  {
    n: 19,
    what: "litellm#35257: the record says what was scanned",
    proofs: [[LLM, "what of a stream was scanned"]],
  },
  {
    n: 20,
    what: "litellm#35999: every part that bears text",
    proofs: [
      [LLM, "%s is looked at in a request"],
      [LLM, "%s is looked at in an answer"],
    ],
  },
  {
    n: 21,
    what: "agentgateway#2956: streams are masked, one character an event",
    proofs: [[LLM, "what is masked is masked in a stream"]],
  },
  {
    n: 22,
    what: "litellm#36880: a blocked answer is billed",
    proofs: [[LLM, "a blocked answer is billed all the same"]],
  },
  {
    n: 23,
    what: "Portkey#1718: credentials are bound, the client chooses no host",
    proofs: [
      ["unit/secret/binding.test.ts", "normalises what means the same"],
      ["e2e/canary.test.ts", "is in no answer: not an echo, an error, a list or a metric"],
    ],
  },
  {
    n: 24,
    what: "litellm#12685: memory is bounded",
    proofs: [
      ["e2e/mcp-memory.test.ts", "does not grow with the number of calls"],
      ["wire/redteam-upstream.test.ts", "cannot fill the memory with what a few bytes decode to"],
    ],
  },
  {
    n: 25,
    what: "litellm#29895: receipts that show tampering",
    proofs: [
      [
        "contract/ledger-tamper.test.ts",
        "shows every flipped byte, at the file and line where it is",
      ],
      [
        "contract/ledger-heads.test.ts",
        "proves single records to whoever has the public key alone",
      ],
    ],
  },
];

describe("the twenty-five duties", () => {
  it("are all here, in order", () => {
    expect(DUTIES.map(({ n }) => n)).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
  });

  it.each(DUTIES)("$n, $what, has its tests", ({ proofs }) => {
    for (const [file, title] of proofs) {
      const text = readFileSync(fileURLToPath(new URL(file, ROOT)), "utf8");
      expect(text.replaceAll(/\s+/g, " "), file).toContain(title);
    }
  });
});
