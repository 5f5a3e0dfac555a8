/**
 * The AI SDK's own declarations do not pass `exactOptionalPropertyTypes`; these are the few that
 * the tests use. tsconfig.json maps the four packages here.
 */
export interface LanguageModel {
  readonly modelId: string;
}
interface Prompt {
  readonly model: LanguageModel;
  readonly prompt: string;
}
export function generateText(options: Prompt): Promise<{ readonly text: string }>;
export function streamText(options: Prompt): { readonly textStream: AsyncIterable<string> };

type Provider = (model: string) => LanguageModel;
interface ProviderOptions {
  readonly baseURL: string;
  readonly apiKey: string;
}
export function createOpenAI(options: ProviderOptions): Provider;
export function createAnthropic(options: ProviderOptions): Provider;

interface McpTool {
  execute(
    args: object,
    options: { messages: readonly never[]; toolCallId: string },
  ): Promise<unknown>;
}
interface McpClient {
  tools(): Promise<Readonly<Record<string, McpTool>>>;
  close(): Promise<void>;
}
export function createMCPClient(options: {
  readonly transport: { readonly type: "http" | "sse"; readonly url: string };
}): Promise<McpClient>;
