#!/usr/bin/env node
// Plain JavaScript on purpose: it checks the Node it runs on before Node meets any TypeScript, and
// switches the compile cache on first, so that a warm start never loads the type stripper.
import "./preflight.js";
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./main.ts");
