/** As ai-sdk.d.ts: the package's own declarations want a browser's types. */
export class MCPServerStreamableHttp {
  constructor(options: { readonly url: string });
  connect(): Promise<void>;
  callTool(name: string, args: object): Promise<unknown>;
  close(): Promise<void>;
}
