/** One of several processes that share the listeners. Its primary starts, asks and stops it. */
import { withDemoUpstreams } from "../demo/demo-upstreams.ts";
import { startGateway, type Gateway, type GatewayOptions } from "../gateway.ts";
import { serveUntilStopped, type Ending } from "../serve-until-stopped.ts";
import type { FromWorker, ToWorker, WorkerAnswer } from "./worker-messages.ts";

export async function runWorker(options: Omit<GatewayOptions, "crew">): Promise<Ending> {
  const { demo, crew } = await begun();
  const { config } = options;
  const effective = demo === undefined ? config : withDemoUpstreams(config, demo);
  const gateway = await startGateway({ ...options, config: effective, crew });
  process.on("message", (message: ToWorker) => {
    if (message.kind !== "begin") void answer(message, gateway).then(tell);
  });
  tell({ kind: "serving", url: gateway.url });
  const ending = await serveUntilStopped(gateway, "primary");
  process.disconnect();
  return ending;
}

async function answer(
  { kind, request }: Exclude<ToWorker, Begin>,
  gateway: Gateway,
): Promise<WorkerAnswer> {
  if (kind === "report") return { kind, request, report: gateway.report() };
  await gateway.follow();
  return { kind: "followed", request };
}

type Begin = Extract<ToWorker, { kind: "begin" }>;

function begun(): Promise<Begin> {
  return new Promise((resolve) => {
    process.on("message", function first(message: ToWorker) {
      if (message.kind !== "begin") return;
      process.off("message", first);
      resolve(message);
    });
  });
}

function tell(message: FromWorker): void {
  process.send?.(message);
}
