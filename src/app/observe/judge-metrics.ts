/** How often the judge was asked, and whether it answered, as metrics. */
import { Counter, type Registry } from "prom-client";
import type { JudgeReport } from "../../stores/judge/llm-judge.ts";

export function addJudgeMetrics(registry: Registry, judge: () => JudgeReport | undefined): void {
  const questions = new Counter({
    name: "sallyport_judge_questions_total",
    help: "Questions to the judge, by whether it answered.",
    labelNames: ["result"],
    registers: [registry],
    collect() {
      questions.reset();
      const report = judge();
      if (report === undefined) return;
      questions.inc({ result: "answered" }, report.answered);
      questions.inc({ result: "unanswered" }, report.unanswered);
    },
  });
}
