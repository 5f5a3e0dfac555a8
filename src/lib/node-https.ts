/** Beside `node-http.ts`, for the same reason, and loaded only by listeners with a certificate. */
export const { createServer: createTlsServer, request: requestTls } =
  process.getBuiltinModule("node:https");
