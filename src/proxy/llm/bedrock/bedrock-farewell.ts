import { REFUSALS, type Refusal } from "../../../core/refusal.ts";
import { impossible } from "../../../lib/impossible.ts";
import { refusalMessage } from "../../refusals/refusal-message.ts";
import type { AwsEventCodec } from "./aws-event-codec.ts";

/**
 * The exception that ends a stream: one that the API's model lists, so that every SDK throws it. No
 * SDK repeats a call whose stream has begun.
 */
export function bedrockFarewell(codec: AwsEventCodec, refusal: Refusal): Uint8Array {
  return codec.exception(exceptionOf(refusal), { message: refusalMessage(refusal) });
}

function exceptionOf({ code }: Refusal): string {
  const kind = REFUSALS[code].class;
  switch (kind) {
    case "rate":
      return "throttlingException";
    case "unavailable":
      return "serviceUnavailableException";
    case "upstream":
      return "modelStreamErrorException";
    case "internal":
      return "internalServerException";
    case "policy":
    case "budget":
    case "malformed":
    case "unauthenticated":
    case "not_found":
    case "too_large":
    case "upgrade":
      return "validationException";
    default:
      return impossible(kind);
  }
}
