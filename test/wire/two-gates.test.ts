/** A gate behind a gate: what the outer lets through, the inner must read in the same way. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startHttpGateway } from "../support/http-gateway.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

let upstream: RecordingUpstream;
let inner: SallyportProcess;
let outer: SallyportProcess;

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) => void response.end("ok"));
  inner = await startHttpGateway({ upstreamUrl: upstream.url });
  outer = await startHttpGateway({ upstreamUrl: `${inner.url}/web` });
});
afterAll(async () => {
  await outer[Symbol.asyncDispose]();
  await inner[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
beforeEach(() => void (upstream.requests.length = 0));

const HIDDEN = "GET /web/hidden HTTP/1.1\r\nhost: localhost\r\n\r\n";
const sized = `content-length: ${HIDDEN.length}\r\n`;
const chunked = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n`;

const send = (method: string, headers: string, body: string): ReturnType<typeof rawRequest> =>
  rawRequest(
    outer.port,
    [
      `${method} /web/asked HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${headers}\r\n${body}`,
    ],
    5_000,
  );

describe("a request in a body", () => {
  it.each([
    ["GET", sized, HIDDEN],
    ["DELETE", sized, HIDDEN],
    ["POST", `connection: close, content-length\r\n${sized}`, HIDDEN],
    ["POST", `expect: 100-continue\r\n${sized}`, HIDDEN],
    ["OPTIONS", "transfer-encoding: chunked\r\n", `${chunked}\r\n`],
    ["POST", "connection: transfer-encoding\r\ntransfer-encoding: chunked\r\n", `${chunked}\r\n`],
    ["POST", "transfer-encoding: chunked\r\n", `${chunked}x-late: 1\r\nauthorization: x\r\n\r\n`],
  ])("stays the body of %s with %j", async (method, headers, body) => {
    const { statuses } = await send(method, headers, body);
    expect(statuses.filter((status) => status !== 100)).toEqual([200]);
    expect(upstream.requests.map(({ url }) => url)).toEqual(["/asked"]);
    expect(upstream.requests[0]?.body.toString()).toBe(HIDDEN);
    expect(upstream.requests[0]?.trailers).toEqual([]);
  });

  it.each([
    ["POST", `${sized}transfer-encoding: chunked\r\n`, `${chunked}\r\n`],
    ["POST", "transfer-encoding: chunked\r\n", `${chunked}content-length: 5\r\n\r\n`],
    ["POST", "transfer-encoding:\u000bchunked\r\n", `${chunked}\r\n`],
  ])("is refused where its frame has two readings: %s with %j", async (method, headers, body) => {
    const { statuses } = await send(method, headers, body);
    expect(statuses).toEqual([400]);
    expect(upstream.requests).toEqual([]);
  });
});
