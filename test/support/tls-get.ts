import { request } from "node:https";
import { HOUSE_CA, type Certificate } from "./certificates.ts";

export interface TlsAnswer {
  readonly status: number;
  readonly body: string;
  /** Whom the server says it is. */
  readonly server: string;
}

/** One GET over a connection of its own, with or without a certificate; rejects where TLS fails. */
export function tlsGet(
  url: string,
  client?: Certificate,
  headers: Readonly<Record<string, string>> = {},
): Promise<TlsAnswer> {
  return new Promise((resolve, reject) => {
    const options = { ca: HOUSE_CA, ...client, headers, agent: false } as const;
    let server = "";
    const asked = request(url, options, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (text: string) => (body += text));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body, server }));
      answer.on("error", reject);
    });
    asked.on("socket", (socket) => {
      socket.on("secureConnect", () => {
        if ("getPeerCertificate" in socket && typeof socket.getPeerCertificate === "function") {
          server = socket.getPeerCertificate().subject.CN;
        }
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}
