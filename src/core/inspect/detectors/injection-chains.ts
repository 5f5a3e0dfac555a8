import type { Chain } from "./word-chain.ts";

/**
 * One row per structure. 80 and above is `high`: enough alone. Below, it takes a second signature
 * nearby. `FILL*n` are words that carry nothing.
 */
export const INJECTION_CHAINS: readonly Chain[] = [
  { name: "override-instructions", score: 95, slots: "IGNORE FILL*6 PRIOR FILL|NEW*4 RULES" },
  { name: "override-instructions", score: 92, slots: "IGNORE FILL*5 RULES FILL*5 PRIOR" },
  { name: "override-instructions", score: 85, slots: "IGNORE FILL*4 SYSTEM FILL*2 RULES" },
  { name: "override-everything", score: 82, slots: "IGNORE ALL FILL*3 RULES" },
  { name: "override-everything", score: 62, slots: "IGNORE FILL*2 ALL FILL*5 PRIOR" },
  { name: "override-rules", score: 60, slots: "IGNORE FILL*4 RULES" },
  { name: "override-rules", score: 88, slots: "NOT FOLLOW FILL*5 PRIOR FILL*3 RULES" },
  { name: "override-rules", score: 55, slots: "NOT FOLLOW FILL*5 RULES" },
  { name: "override-reversed", score: 90, slots: "PRIOR _*2 RULES FILL*3 IGNORE" },
  { name: "override-reversed", score: 70, slots: "RULES PRIOR FILL*3 IGNORE" },

  { name: "new-task", score: 80, slots: "YOU FILL*2 NEW FILL*1 GOAL BE" },
  { name: "new-task", score: 65, slots: "NEW GOAL FILL*3 ASSIST" },
  { name: "new-task", score: 60, slots: "FRESH SYSTEM PROMPT" },
  { name: "new-instructions", score: 50, slots: "FRESH RULES" },
  { name: "stop-everything", score: 65, slots: "NOT ALL FILL*2 NOW" },
  { name: "from-now-on", score: 60, slots: "NOW FILL*1 YOU BE" },
  { name: "you-are-now", score: 60, slots: "YOU BE NOW" },
  { name: "you-are-now", score: 70, slots: "YOU BE FILL*3 FREE" },
  { name: "you-are-now", score: 75, slots: "YOU BE NOW FILL*4 ASSIST" },

  { name: "persona", score: 62, slots: "ACT FILL*5 ASSIST _*4 FREE" },
  { name: "persona", score: 70, slots: "ACT FILL*4 DEV GOAL" },
  { name: "persona", score: 72, slots: "DEV GOAL BE" },
  { name: "persona", score: 55, slots: "DEV GOAL FILL*2 NOW" },
  { name: "no-limits", score: 60, slots: "FREE FILL*3 LIMITS" },
  { name: "no-limits", score: 60, slots: "FREE FILL*2 _*1 FILL*1 LIMITS" },
  { name: "no-limits", score: 65, slots: "NOT FILL*2 LIMITS FILL*4 YOU" },

  { name: "prompt-leak", score: 84, slots: "REVEAL FILL*5 SYSTEM SYSTEM*1 FILL*1 PROMPT" },
  { name: "prompt-leak", score: 82, slots: "REVEAL FILL*5 PRIOR FILL*2 PROMPT" },
  { name: "prompt-leak", score: 60, slots: "REVEAL FILL*3 PROMPT FILL*3 PRIOR" },
  { name: "prompt-leak", score: 62, slots: "REVEAL _*3 ALL FILL*2 PRIOR" },

  { name: "to-the-assistant", score: 62, slots: "RULES FILL*3 ASSIST" },
  { name: "to-the-assistant", score: 55, slots: "NOTE FILL*2 ASSIST" },
  { name: "to-the-assistant", score: 65, slots: "BEFORE YOU BE FILL*2 ASSIST" },
  { name: "to-the-assistant", score: 50, slots: "ASSIST _*2 MUST" },
  { name: "conceal", score: 75, slots: "NOT TELL FILL*3 USER" },
  { name: "conceal", score: 75, slots: "FREE TELL FILL*3 USER" },
  { name: "conceal", score: 50, slots: "NOT TELL FILL*4 RULES" },

  { name: "tool-precondition", score: 72, slots: "BEFORE USING FILL*2 TOOL _*2 MUST" },
  { name: "tool-precondition", score: 45, slots: "BEFORE USING FILL*2 TOOL" },
  { name: "tool-precondition", score: 55, slots: "BEFORE USING _*4 YOU MUST" },
  { name: "tool-precondition", score: 55, slots: "BEFORE YOU USING _*6 YOU MUST" },
  { name: "exfiltrate", score: 50, slots: "SEND FILL*4 DATA _*4 TO" },
  { name: "exfiltrate", score: 62, slots: "SEND FILL*4 SYSTEM FILL*1 PROMPT" },
  { name: "exfiltrate", score: 50, slots: "REVEAL FILL*4 ALL FILL*3 DATA" },
  { name: "reveal-secrets", score: 62, slots: "REVEAL FILL*4 SYSTEM FILL*1 DATA" },
  { name: "reveal-secrets", score: 60, slots: "REVEAL FILL*4 ALL FILL*2 DATA" },
  { name: "verbatim", score: 55, slots: "REVEAL _*3 VERBATIM" },
];
