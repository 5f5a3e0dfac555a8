/** A real SMTP server on this machine, for the user `gate`; it remembers what came. */
import { once } from "node:events";
import { SMTPServer } from "smtp-server";
import type { Certificate } from "./certificates.ts";

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly string[];
  /** Whether messages are taken from here on, else refused with these words. */
  refuse(words: string | undefined): void;
}

/** With a certificate it offers STARTTLS, else none. */
export async function openMailServer(secret: string, tls?: Certificate): Promise<MailServer> {
  const mails: string[] = [];
  let refusal: string | undefined;
  const server = new SMTPServer({
    ...(tls === undefined ? { disabledCommands: ["STARTTLS"] } : tls),
    onAuth: ({ username, password }, _session, done) =>
      username === "gate" && password === secret
        ? done(null, { user: username })
        : done(new Error(`wrong password ${String(password)}`)),
    onData: (stream, _session, done) => {
      let mail = "";
      stream.on("data", (chunk: Buffer) => void (mail += chunk.toString()));
      stream.once("end", () => {
        if (refusal === undefined) mails.push(mail);
        done(refusal === undefined ? null : new Error(refusal));
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    mails,
    refuse: (words) => void (refusal = words),
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  };
}
