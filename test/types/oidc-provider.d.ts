/** What the tests use of it; the package has no declarations of its own. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  interface Token {
    resourceServer: unknown;
    readonly expiration: number;
    save(): Promise<string>;
  }

  interface Context {
    readonly oidc: {
      readonly params: Readonly<Record<string, string | undefined>>;
      readonly client: unknown;
      readonly provider: Provider;
    };
    status: number;
    body: unknown;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    readonly ClientCredentials: new (properties: object) => Token;
    readonly ResourceServer: new (identifier: string, info: object) => unknown;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    registerGrantType(
      name: string,
      handler: (context: Context) => Promise<void>,
      parameters: readonly string[],
    ): void;
  }
}
