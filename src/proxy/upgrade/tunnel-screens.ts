/** What looks at both ways of a tunnel, and what is on the record of it afterwards. */
import type { Inspections } from "../../core/decision.ts";
import type { Facts, Scan } from "../../core/evidence.ts";
import { answerRefusal, blockRefusal } from "../../core/inspect/block-refusal.ts";
import { createEchoFilter } from "../../core/inspect/echo-filter.ts";
import type { Finding } from "../../core/inspect/finding.ts";
import { createMessageScreen, type MessageScreen } from "../../core/inspect/message-screen.ts";
import type { Refusal, RefusalCode } from "../../core/refusal.ts";
import type { Upstream } from "../../core/upstream.ts";
import type { InspectionReport } from "../../pipeline/ask.ts";
import { marksFound, type Marking } from "../../pipeline/marking.ts";
import type { LookWatch } from "../../pipeline/stages.ts";
import { FrameGate } from "./frame-gate.ts";

export interface TunnelScreens {
  readonly out: FrameGate;
  readonly back: FrameGate;
  report(facts: Facts): InspectionReport;
}

const NO_ECHOES: readonly string[] = [];
const NOT_ASKED: Scan = { kind: "none", reason: "not_asked" };

/** Before and after each look. */
export interface MessageWatch {
  begin(): void;
  end(): void;
}

export function messageWatch(looks: LookWatch, facts: Facts): MessageWatch {
  return { begin: () => looks.begin(facts, "message"), end: () => looks.end() };
}

/** Undefined: no rule looks at either way. `cut` is called at most once. */
export function createTunnelScreens(
  { request, response }: Inspections,
  echoes: readonly string[],
  { requestBytesMax, responseBytesMax, unscannable }: Upstream,
  cut: (refusal: Refusal) => void,
  { watch, marking }: { readonly watch?: MessageWatch; readonly marking?: Marking } = {},
): TunnelScreens | undefined {
  if (request.rules.length === 0 && response.rules.length === 0) return undefined;
  const asked = createMessageScreen(request, NO_ECHOES);
  const answered = createMessageScreen(response, echoes);
  const marks = (screen: MessageScreen): (() => Promise<void> | undefined) | undefined =>
    marking && (() => marking.put(marksFound(screen.findings)));
  const out = new FrameGate({
    screen: watched(asked, watch),
    mark: marks(asked),
    bytesMax: requestBytesMax,
    unscannable: request.rules.length === 0 ? "pass" : unscannable,
    echoes: createEchoFilter(NO_ECHOES),
    cut: (finding, reason) => cut(refusalOf("request_blocked", finding, reason)),
  });
  const back = new FrameGate({
    screen: watched(answered, watch),
    mark: marks(answered),
    bytesMax: responseBytesMax,
    unscannable: response.rules.length === 0 ? "pass" : unscannable,
    echoes: createEchoFilter(echoes),
    cut: (finding, reason) => cut(refusalOf("response_unscannable", finding, reason)),
  });
  return {
    out,
    back,
    report: (facts) => {
      facts.requestScan = request.rules.length === 0 ? NOT_ASKED : asked.scan;
      const scan = response.rules.length === 0 ? NOT_ASKED : answered.scan;
      const findings = [...asked.findings, ...answered.findings];
      return { findings, scan, usage: undefined, model: undefined };
    },
  };
}

function watched(
  screen: MessageScreen,
  watch: MessageWatch | undefined,
): Pick<MessageScreen, "ahead" | "judge" | "missed"> {
  if (watch === undefined) return screen;
  return {
    missed: (reason, bytes) => screen.missed(reason, bytes),
    ahead(message) {
      watch.begin();
      const asked = screen.ahead(message);
      watch.end();
      return asked;
    },
    judge(message) {
      watch.begin();
      const verdict = screen.judge(message);
      watch.end();
      return verdict;
    },
  };
}

/** `unseen`: the code where nothing was found, but something could not be looked at. */
function refusalOf(unseen: RefusalCode, finding: Finding | undefined, reason: string): Refusal {
  if (finding !== undefined) {
    return unseen === "request_blocked"
      ? blockRefusal("request_blocked", finding)
      : answerRefusal(finding);
  }
  return {
    code: unseen,
    detail: `Policy wants to inspect this WebSocket, but a message in it is ${reason}.`,
    remedy:
      "Send smaller messages as text, or ask the operator to let this upstream pass unscanned.",
  };
}
