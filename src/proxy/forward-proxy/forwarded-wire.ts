/** Plain HTTP, to upstreams and to hosts that agents chose: the one door knows both. */
import { forwardedWire, httpWire } from "../http/http-wire.ts";
import type { RequestHead, WireExchange, WireFamily } from "../wire.ts";
import { askedByProxy } from "./asked-by-proxy.ts";
import type { Destinations } from "./destinations.ts";

export function createForwardedWire(
  destinations: Destinations,
  ports: readonly number[],
): WireFamily {
  return {
    open(head) {
      const destination = destinations.of(head.upstream);
      return destination === undefined
        ? httpWire.open(head)
        : openForwarded(head, (tenant) => destinations.admit(destination, ports, tenant));
    },
  };
}

type Admit = (tenant: Parameters<Destinations["admit"]>[2]) => ReturnType<Destinations["admit"]>;

function openForwarded(head: RequestHead, admit: Admit): WireExchange {
  const plain = forwardedWire.open(head);
  return {
    bodyNeed: plain.bodyNeed,
    target: plain.target,
    // The host is the agent's own choice, so it is looked at with the rest.
    address: head.upstream.origin + plain.target,
    interpret(body, context) {
      const admitted = admit(context.principal.tenant);
      return admitted.kind === "halt" ? admitted : plain.interpret(body, context);
    },
    refuse: (refusal) => plain.refuse(askedByProxy(refusal)),
    hold: () => plain.hold(),
  };
}
