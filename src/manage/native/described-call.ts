/** Calls that are described to the API instead of made. */
import { Type } from "typebox";
import { done, fault, type Answer } from "../../core/fault.ts";
import { isJsonObject } from "../../core/json.ts";
import { readPlannedCall, type PlannedCall } from "../../operations/planning/planned-call.ts";
import { Name } from "./fields.ts";

const Text = Type.String({ maxLength: 2_048 });

export const CALL_FIELDS = {
  tool: Type.Optional(Text),
  prompt: Type.Optional(Text),
  resource: Type.Optional(Text),
  arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  model: Type.Optional(Text),
  method: Type.Optional(Text),
  path: Type.Optional(Text),
  upstream: Type.Optional(Name),
  host: Type.Optional(Text),
};

/** `call` has the members of `CALL_FIELDS`, checked by the route's schema. */
export function readCall(call: object): Answer<PlannedCall> {
  const asked: unknown = call;
  const reading = isJsonObject(asked) ? readPlannedCall(asked) : undefined;
  if (reading?.kind === "ok") return done(reading.call);
  return fault("invalid", reading?.problem ?? "Name a call.");
}
