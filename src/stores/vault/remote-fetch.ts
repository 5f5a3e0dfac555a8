import type { RemoteSecretRef } from "../../core/secret/secret-ref.ts";
import { impossible } from "../../lib/impossible.ts";
import type { AwsRoles } from "./aws-roles.ts";
import type { VaultServer } from "./hashicorp-vault.ts";
import type { KubernetesApi } from "./kubernetes-secret.ts";
import type { FetchSecret } from "./remote-secrets.ts";
import { VaultFault } from "./vault-fault.ts";

export interface RemoteServices {
  readonly server: VaultServer | undefined;
  readonly kubernetes: KubernetesApi;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Each way is loaded with the first secret that takes it. */
export function createRemoteFetch(
  { server, kubernetes }: RemoteServices,
  environment: Environment,
): FetchSecret {
  let roles: Promise<AwsRoles> | undefined;
  return async (ref: RemoteSecretRef) => {
    switch (ref.kind) {
      case "kv": {
        if (server === undefined) {
          throw new VaultFault(`${ref.url} needs a server: set vault.server.url`);
        }
        const { readKv } = await import("./hashicorp-vault.ts");
        return readKv(server, ref);
      }
      case "k8s": {
        const { readKubernetesSecret } = await import("./kubernetes-secret.ts");
        return readKubernetesSecret(kubernetes, ref);
      }
      case "aws":
        roles ??= import("./aws-roles.ts").then(({ createAwsRoles }) =>
          createAwsRoles(environment),
        );
        return (await roles).keyOf(ref.place);
      default:
        return impossible(ref);
    }
  };
}
