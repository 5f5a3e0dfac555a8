/** The only importer of gpt-tokenizer: a thread of its own, so that no text stops the event loop. */
import { parentPort } from "node:worker_threads";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";

/** A marker of the tokenizer in somebody's text is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** `loaded`: the table is there, and what comes now is only counted. */
export type FromTokenWorker = "loaded" | readonly number[];

function tell(message: FromTokenWorker): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", (texts: readonly string[]) => {
  tell(texts.map((text) => countTokens(text, AS_TEXT)));
});
tell("loaded");
