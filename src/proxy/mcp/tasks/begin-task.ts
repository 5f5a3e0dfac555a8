/** A call that runs at once, whose client wanted a task: it hears of the task, not of the answer. */
import type { Reply } from "../../reply.ts";
import { readMessages } from "../era/answer-reader.ts";
import { InnerReply } from "../inner/inner-reply.ts";
import type { RequestQuestion } from "../question.ts";
import type { TaskDesk } from "./task-desk.ts";
import type { TaskAsking } from "./task-shelf.ts";
import { createdText } from "./task-words.ts";

export interface TaskableCall extends TaskAsking {
  readonly question: RequestQuestion;
  /** `optional` where the server can make a task of it, too. */
  readonly support: "optional" | undefined;
  /** It answers a question of the server's. */
  readonly midway: boolean;
}

/** Where no task can be stored now, the client gets the answer, though it expects another. */
export async function beginTask(
  { question, principal, upstream, call }: TaskableCall,
  client: Reply,
  tasks: Pick<TaskDesk, "begin">,
): Promise<Reply> {
  const begun = await tasks.begin({ principal, upstream, call });
  if (begun === undefined) return client;
  const { task, run } = begun;
  return new Promise((resolve) => {
    run.asking = readMessages((reader) => resolve(new InnerReply(reader)), run);
    const body = createdText(task, question.id, question.era);
    const headers = { "content-type": "application/json" };
    client.refuse({ status: 200, headers, body }, false);
  });
}
