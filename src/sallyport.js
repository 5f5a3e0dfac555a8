#!/usr/bin/env node
// The `sallyport` bin: checks the Node it runs on before Node meets any TypeScript.
import "./preflight.js";

await import("./main.ts");
