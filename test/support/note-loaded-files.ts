/** Loaded before the program (`--import`): writes down what Node loads, a URL a line. */
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const list = process.env["LOADED_FILES"];
if (list === undefined) throw new Error("LOADED_FILES names no file");
registerHooks({
  load(url, context, next) {
    appendFileSync(list, `${url}\n`);
    return next(url, context);
  },
});
