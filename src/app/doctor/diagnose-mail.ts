/** What `sallyport doctor` says of the mail server: whether it lets the gate in. */
import { createFileSecretStore } from "../../stores/vault/file-secret-store.ts";
import type { Config } from "../config/config.ts";
import { mailProblem } from "../observe/notification-couriers.ts";
import { vaultKeyOf } from "../ports/vault-key-source.ts";
import type { Finding } from "./diagnose.ts";

const NAME = "mail";

export async function diagnoseMail(config: Config): Promise<readonly Finding[]> {
  const { notifications, dataDirectory: directory } = config;
  const { smtp } = notifications;
  if (smtp === undefined) return [];
  const secrets = createFileSecretStore({ directory, key: vaultKeyOf(config) });
  const problem = await mailProblem(notifications, secrets);
  if (problem === undefined) {
    return [{ name: NAME, state: "ok", detail: `${smtp.url} lets us in`, remedy: undefined }];
  }
  // Mail waits and is tried again; no call waits for it.
  const remedy = "check `notifications.smtp`; sallyport subscriptions test tells more";
  return [{ name: NAME, state: "warning", detail: `${smtp.url}: ${problem}`, remedy }];
}
