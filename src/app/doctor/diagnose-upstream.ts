/** Whether an upstream can be had as a call would have it. */
import { accessSync, constants } from "node:fs";
import type { Socket } from "node:net";
import { delimiter, join } from "node:path";
import type { Upstream } from "../../core/upstream.ts";
import { millis } from "../../core/units.ts";
import { messageOf, systemCodeOf } from "../../lib/caught.ts";
import { ADDRESS_FORBIDDEN } from "../../proxy/net/guarded-connector.ts";
import { connectWithin } from "../upstream-connector.ts";
import type { Finding } from "./diagnose.ts";

/** Nobody waits longer for a doctor, whatever calls are given. */
const CONNECT_WAIT_MS = millis(3000);

/** `path` is where commands are looked for. */
export async function diagnoseUpstream(upstream: Upstream, path = ""): Promise<Finding> {
  const { name, origin, transport } = upstream;
  if (transport.kind === "stdio") return runnable(name, transport.command, path);
  try {
    (await open(upstream)).destroy();
  } catch (error) {
    const forbidden = systemCodeOf(error) === ADDRESS_FORBIDDEN;
    return {
      name: "upstream",
      state: forbidden ? "problem" : "warning",
      detail: `${name}: ${origin}: ${messageOf(error)}`,
      remedy: forbidden
        ? "its calls are refused; if agents may reach it, give it allow_private: true"
        : "check the name, the network, its certificate and egress rules",
    };
  }
  const detail = `${name}: ${origin} accepts connections`;
  return { name: "upstream", state: "ok", detail, remedy: undefined };
}

/** Its addresses are judged, and its certificate is, as they are for calls. */
function open(upstream: Upstream): Promise<Socket> {
  const { hostname, port, protocol } = new URL(upstream.origin);
  const bare = hostname.replace(/^\[|\]$/g, "");
  const connect = connectWithin(upstream, CONNECT_WAIT_MS);
  return new Promise((resolve, reject) => {
    connect({ hostname: bare, host: bare, port, protocol }, (error, socket) => {
      if (error === null) resolve(socket);
      else reject(error);
    });
  });
}

/** Started only when an agent wants it; what can be seen before is whether it is there. */
function runnable(name: string, command: string, path: string): Finding {
  const places = command.includes("/")
    ? [command]
    : path.split(delimiter).map((place) => join(place, command));
  const found = places.find((place) => isExecutable(place));
  if (found !== undefined) {
    return { name: "upstream", state: "ok", detail: `${name}: ${found}`, remedy: undefined };
  }
  const detail = `${name}: ${command} is not there`;
  const remedy = "install it, or correct stdio.command";
  return { name: "upstream", state: "problem", detail, remedy };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
