import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCorpus } from "../support/corpora.ts";
import { startHttpGateway } from "../support/http-gateway.ts";
import { rawRequest } from "../support/raw-http.ts";
import { startRecordingUpstream, type RecordingUpstream } from "../support/recording-upstream.ts";
import type { SallyportProcess } from "../support/sallyport-process.ts";

interface RawCase {
  readonly id: string;
  readonly raw_b64: string;
  readonly name: string;
  readonly expect: "accept" | "reject" | "accept_or_reject";
}

/** So often that what is decided by chance shows. */
const TRIES = 100;

const cases = readCorpus<RawCase>("http_raw.jsonl");

/** The corpus speaks to a server's root; here everything lives below an upstream's name. */
function aimed(bytes: Buffer, id: string): Buffer {
  const text = bytes.toString("latin1");
  return Buffer.from(text.replace(/^((?:\r?\n)*[^\s]+ )\//, `$1/web/${id}/`), "latin1");
}

describe.skipIf(cases === undefined)("raw requests of the corpus", () => {
  let upstream: RecordingUpstream;
  let gateway: SallyportProcess;
  beforeAll(async () => {
    upstream = await startRecordingUpstream((_request, response) => void response.end("ok"));
    gateway = await startHttpGateway({ upstreamUrl: upstream.url });
  });
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  it.each(cases ?? [])("$id: $name ($expect)", async ({ id, raw_b64, expect: wanted }) => {
    const bytes = aimed(Buffer.from(raw_b64, "base64"), id);
    // Others may not be whole, and then nobody answers them.
    const firstMs = wanted === "accept" ? undefined : 500;
    const reply = await rawRequest(gateway.port, [bytes], 500, firstMs);
    // By its own path: a request of the case before may be late.
    const reached = upstream.requests.filter(({ url }) => url.startsWith(`/${id}/`)).length;
    const refused = reply.statuses.every((status) => status >= 400);
    if (wanted === "reject") {
      expect({ reached, refused }).toEqual({ reached: 0, refused: true });
    } else if (wanted === "accept") {
      expect({ reached, statuses: reply.statuses }).toEqual({ reached: 1, statuses: [200] });
    } else {
      expect(reached).toBe(reply.statuses.filter((status) => status < 400).length);
    }
  });

  it("forwards nothing of a connection whose second request is nonsense", async () => {
    const twice = "PUT /web/twice HTTP/1.0\r\n\r\nPUT /web/twice HTTP/1.1\r\n";
    for (let n = 0; n < TRIES; n += 1) {
      const reply = await rawRequest(gateway.port, [Buffer.from(twice)]);
      expect(reply.statuses).toEqual([400]);
    }
    expect(upstream.requests.filter(({ url }) => url === "/twice")).toEqual([]);
  });

  it("lets no hidden request through: whatever reached the upstream was asked for by its case", () => {
    const hidden = upstream.requests.filter(({ url }) => !url.startsWith("/http-"));
    expect(hidden.map(({ url }) => url)).toEqual([]);
    expect(upstream.requests.length).toBeGreaterThan(0);
  });
});
