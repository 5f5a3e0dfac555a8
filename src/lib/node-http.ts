/**
 * `node:http`, to be had from here only. Importing it reads every getter of it, and one of them
 * loads the whole undici inside Node, which nobody here uses: 40 ms and 5 MB of each start.
 */
export const { createServer, request, STATUS_CODES } = process.getBuiltinModule("node:http");
