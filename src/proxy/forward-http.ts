/**
 * Stage 9 of 11. A permit goes in, the upstream's answer comes out through the inspector. The
 * vault's credential is written last, after everything that looks at or records the request.
 */
import type { IncomingMessage } from "node:http";
import type { Facts, Outcome } from "../core/evidence.ts";
import { isIdle } from "../core/inspect/inspection.ts";
import { secretsForProcess } from "../core/secret/process-secrets.ts";
import type { OAuthGrant } from "../core/secret/oauth-grant.ts";
import type { Credential, Vault } from "../core/secret/vault.ts";
import type { Principal } from "../core/principal.ts";
import type { Refusal } from "../core/refusal.ts";
import { pass, type Verdict } from "../core/verdict.ts";
import type { Enrolled, Roster } from "../lib/roster.ts";
import type { Authorized } from "../operations/authorize.ts";
import type {
  InspectionReport,
  Presented,
  RequestBody,
  ResponseInspector,
} from "../pipeline/ask.ts";
import { marksAnswers, marksFound } from "../pipeline/marking.ts";
import { WatchedInspector } from "../pipeline/watched-inspector.ts";
import { MarkingReply } from "./marking-reply.ts";
import type { Reply } from "./reply.ts";
import { isOurs } from "./request-headers.ts";
import { ResponseForwarding } from "./response-forwarding.ts";
import type { UpstreamPools } from "./upstream-pools.ts";
import type { RequestHead, WireReply } from "./wire.ts";

/** Everything about one exchange that the way out and the way back need. */
export interface Dispatch {
  readonly head: RequestHead;
  /** Path and query below the upstream's prefix. */
  readonly target: string;
  /** Flat `name, value, …`, cleaned by request-headers.ts. */
  readonly headers: readonly string[];
  /** Where a body that is not read by us comes from; without one there is no such body. */
  readonly request: IncomingMessage | undefined;
  readonly reply: Reply;
  readonly facts: Facts;
  readonly shutdown: Shutdown;
  /** Told of an answer that is known whole, before its head goes out. */
  readonly tellCost: ((status: number, report: InspectionReport) => void) | undefined;
  refuse(refusal: Refusal): WireReply;
}

/** How the data plane ends; one for all its exchanges. */
export interface Shutdown {
  /** From here on a connection that breaks was broken by us: the time to drain is over. */
  cutting: boolean;
  /** Answers on their way. */
  readonly open: Roster<Cuttable>;
}

export type TunnelKind = "connect" | "websocket";

export interface Cuttable extends Enrolled {
  /** For whom it runs. */
  readonly principal: Principal | undefined;
  /**
   * By what its client goes on asking: in a tunnel it does so unseen by any later decision, and
   * what waits for a person's word has not been decided yet.
   */
  readonly asking?: Presented | undefined;
  /** Where it is a tunnel. */
  readonly tunnel?: TunnelKind;
  cut(why: Refusal): void;
}

export interface Forwarded {
  readonly outcome: Outcome;
  /** Undefined when the upstream was never asked. */
  readonly report: InspectionReport | undefined;
}

const NO_ECHOES: readonly string[] = [];

export function forwardHttp(
  authorized: Authorized,
  dispatch: Dispatch,
  pools: UpstreamPools,
  vault: Vault,
): Promise<Forwarded> {
  const borrowed = borrow(vault, dispatch, pools);
  return borrowed instanceof Promise
    ? borrowed.then((loan) => depart(loan, authorized, dispatch, pools))
    : depart(borrowed, authorized, dispatch, pools);
}

function depart(
  borrowed: Verdict<Loan>,
  authorized: Authorized,
  dispatch: Dispatch,
  pools: UpstreamPools,
): Promise<Forwarded> {
  const { head, reply } = dispatch;
  const { upstream } = head;
  if (borrowed.kind === "halt") {
    const { code, detail, cause } = borrowed.refusal;
    dispatch.facts.cause = cause;
    reply.refuse(dispatch.refuse(borrowed.refusal), false);
    return Promise.resolve({ outcome: { kind: "refused", code, detail }, report: undefined });
  }
  const { credential, label, echoes, token } = borrowed.value;
  dispatch.facts.credential = label;
  const { inspections, meter, looks } = authorized;
  const plain = authorized.interpretation.inspector(
    inspections,
    echoes,
    meter,
    dispatch.facts.review,
  );
  const inspector =
    looks === undefined ? plain : new WatchedInspector(plain, looks, dispatch.facts);
  const headers = outgoingHeaders(authorized, dispatch, credential);
  const path = upstream.pathPrefix + dispatch.target;
  const send = (): Promise<Forwarded> =>
    new Promise((resolve) => {
      const marked = withMarks(dispatch, authorized, inspector);
      const forwarding = new ResponseForwarding(marked, inspector, echoes, resolve);
      const { interpretation } = authorized;
      const body = outgoingBody(authorized.body, dispatch.request);
      const request = { path, method: head.method, headers, body, interpretation };
      pools.transport(upstream).dispatch(request, forwarding);
    });
  if (token !== undefined) return send().finally(() => forgetRefused(token, dispatch, pools));
  if (credential?.sign === undefined) return send();
  // What is signed is what is sent: nothing changes it after this.
  const { body } = authorized;
  const bytes = body.kind === "bytes" ? body.bytes : undefined;
  const signable = { method: head.method, origin: upstream.origin, target: path, headers };
  return credential.sign({ ...signable, body: bytes }).then((signed) => {
    headers.push(...signed);
    return send();
  });
}

/** Nothing of an answer comes before the marks of what was found in it. */
function withMarks(
  dispatch: Dispatch,
  { marking, inspections }: Authorized,
  inspector: ResponseInspector,
): Dispatch {
  if (marking === undefined || !marksAnswers(inspections)) return dispatch;
  const mark = (): Promise<void> | undefined =>
    marking.put(marksFound(inspector.report().findings));
  return { ...dispatch, reply: new MarkingReply(dispatch.reply, mark) };
}

/** What the vault lends for one request. */
interface Loan {
  /** To be written into the request; undefined where there is none, or a process has it already. */
  readonly credential: Credential | undefined;
  readonly label: string | undefined;
  readonly echoes: readonly string[];
  /** Where the credential is an access token. */
  readonly token: TokenUse | undefined;
}

interface TokenUse {
  readonly grant: OAuthGrant;
  /** The caller's own token, which was exchanged. */
  readonly subject: string | undefined;
}

const NO_LOAN: Verdict<Loan> = pass({
  credential: undefined,
  label: undefined,
  echoes: NO_ECHOES,
  token: undefined,
});

function borrow(
  vault: Vault,
  { head, target, facts }: Dispatch,
  { tokens }: UpstreamPools,
): Verdict<Loan> | Promise<Verdict<Loan>> {
  const { upstream, method } = head;
  const ref = upstream.credential;
  if (ref?.oauth !== undefined) {
    const token = { grant: ref.oauth, subject: callersToken(head) };
    const lent = tokens.credentialFor(upstream, ref, token.grant, token.subject);
    return lent instanceof Promise ? lent.then((late) => lend(late, token)) : lend(lent, token);
  }
  if (upstream.transport.kind === "stdio") {
    const secrets = secretsForProcess(vault, upstream, facts.principal);
    if (secrets.kind === "halt") return secrets;
    const { label, echoes } = secrets.value;
    return pass({ credential: undefined, label, echoes, token: undefined });
  }
  return lend(vault.credentialFor(upstream, method, pathOf(target), facts.principal), undefined);
}

function lend(lent: Verdict<Credential | undefined>, token: TokenUse | undefined): Verdict<Loan> {
  if (lent.kind === "halt") return lent;
  const credential = lent.value;
  if (credential === undefined) return NO_LOAN;
  return pass({ credential, label: credential.label, echoes: credential.echoes, token });
}

/** What the agent showed beside its key: never forwarded, but an issuer may exchange it. */
function callersToken({ headers: { authorization } }: RequestHead): string | undefined {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(String(authorization ?? ""))?.[1];
  return token === undefined || isOurs(token) ? undefined : token;
}

function forgetRefused(
  { grant, subject }: TokenUse,
  { facts, head }: Dispatch,
  { tokens }: UpstreamPools,
): void {
  if (facts.upstreamStatus === UNAUTHORIZED) tokens.forget(head.upstream, grant, subject);
}

const UNAUTHORIZED = 401;

/** The credential is bound to what is sent, not to how the client spelt it. */
function pathOf(target: string): string {
  const mark = target.indexOf("?");
  return mark === -1 ? target : target.slice(0, mark);
}

function outgoingBody(
  body: RequestBody,
  request: IncomingMessage | undefined,
): Uint8Array | IncomingMessage | null {
  switch (body.kind) {
    case "none":
      return null;
    case "bytes":
      return body.bytes;
    case "stream":
      return request ?? null;
  }
}

/** Slice by slice, an agent could have what is only found, and taken out, as a whole. */
const SLICES: ReadonlySet<string> = new Set(["range", "if-range"]);

function outgoingHeaders(
  { body, inspections }: Authorized,
  { head, headers }: Dispatch,
  credential: Credential | undefined,
): string[] {
  const flat: string[] = [];
  const slot = credential?.header;
  const looks = !isIdle(inspections.response);
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (name === slot || (looks && SLICES.has(name))) continue;
    flat.push(name, headers[i + 1] ?? "");
  }
  const mustRead = head.upstream.wire !== "http" || credential !== undefined || looks;
  const accepted = mustRead ? "identity" : head.headers["accept-encoding"];
  if (typeof accepted === "string") flat.push("accept-encoding", accepted);
  const length = head.headers["content-length"];
  if (body.kind === "stream" && typeof length === "string") flat.push("content-length", length);
  if (credential !== undefined && credential.sign === undefined) {
    flat.push(credential.header, credential.value);
  }
  return flat;
}
