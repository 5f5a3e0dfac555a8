/** A client that waits for the end of a task, and is asked on its stream what the server wants to know. */
import type { Task } from "../../../core/task/task.ts";
import type { AnswerStream } from "../transport/answer-stream.ts";
import type { TaskWait } from "./task-desk.ts";
import { questionsOf, questionText } from "./task-question.ts";

/** Clients give a request 60 s (the SDKs' default). */
const WAIT_MS = 50_000;

export class ResultWait implements TaskWait {
  readonly max = WAIT_MS;
  readonly gone: AbortSignal;
  readonly #stream: AnswerStream;
  /** What is open on this stream. Who comes back on another one is asked again. */
  #put: ReadonlySet<string> = new Set();

  constructor(stream: AnswerStream) {
    const gone = new AbortController();
    stream.onGone(() => gone.abort());
    this.gone = gone.signal;
    this.#stream = stream;
  }

  told(task: Task): boolean {
    const open = questionsOf(task);
    for (const [name, question] of open) {
      const text = this.#put.has(name) ? undefined : questionText(task, name, question);
      if (text !== undefined) this.#stream.event(text);
    }
    this.#put = new Set(open.keys());
    return open.size > 0;
  }
}
