/** Faults as RFC 9457 problem documents: the one error body of the native API. */
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import type { Problem } from "../../core/problem.ts";
import { FAULTS, type Answer, type Fault } from "../../core/fault.ts";

const PROBLEM_TYPE = "application/problem+json";

const EXAMPLE = {
  type: "urn:problem-type:sallyport:invalid",
  title: "Bad Request",
  status: 400,
  code: "invalid",
  detail: "must be one of 1 to 5",
  errors: [{ pointer: "/clearance", detail: "must be <= 5" }],
};

export const ProblemJson = Type.Object(
  {
    type: Type.String({ description: "urn:problem-type:sallyport:<code>" }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: "JSON Pointer into the request (RFC 6901)." }),
          detail: Type.String(),
        }),
      ),
    ),
  },
  { $id: "Problem", description: "RFC 9457 problem details.", examples: [EXAMPLE] },
);

interface Detail {
  readonly pointer: string;
  readonly detail: string;
}

export function sendFault(reply: FastifyReply, fault: Fault): FastifyReply {
  const { code, detail, pointer, retryAfter, problems } = fault;
  const { status, title } = FAULTS[code];
  if (retryAfter !== undefined) void reply.header("retry-after", String(retryAfter));
  if (code === "unauthenticated") void reply.header("www-authenticate", "Bearer");
  const errors =
    problems?.map(detailOf) ?? (pointer === undefined ? undefined : [{ pointer, detail }]);
  return sendProblem(reply, { status, title, code, detail, errors });
}

function detailOf({ file, line, column, message, suggestion }: Problem): Detail {
  const help = suggestion === undefined ? "" : `; ${suggestion}`;
  return { pointer: "/files", detail: `${file}:${line}:${column}: ${message}${help}` };
}

export function sendProblem(
  reply: FastifyReply,
  problem: {
    readonly status: number;
    readonly title: string;
    readonly code: string;
    readonly detail: string;
    readonly errors?: readonly Detail[] | undefined;
  },
): FastifyReply {
  const { status, title, code, detail, errors } = problem;
  const type = `urn:problem-type:sallyport:${code}`;
  return reply
    .code(status)
    .type(PROBLEM_TYPE)
    .send({ type, title, status, code, detail, ...(errors !== undefined && { errors }) });
}

/** The answer of an operation on the wire: its value as `show` writes it, or the fault. */
export function answer<T>(
  reply: FastifyReply,
  status: number,
  answered: Answer<T>,
  show: (value: T) => unknown,
): FastifyReply {
  if (answered.kind === "fault") return sendFault(reply, answered.fault);
  return reply.code(status).send(show(answered.value));
}
