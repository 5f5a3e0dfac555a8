#!/usr/bin/env node
// Plain JavaScript on purpose: it checks the Node it runs on before Node meets any TypeScript, and
// switches the compile cache on first, so that a warm start never loads the type stripper.
import "./preflight.js";
import "./memory-settings.js";
// The whole module: an older Node lacks the function, and must get as far as the line above.
import nodeModule from "node:module";

nodeModule.enableCompileCache();
await import("./main.ts");
