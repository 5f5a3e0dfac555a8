/** The native API of a gateway that runs, as its first administrator. */
import type { SallyportProcess } from "./sallyport-process.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- documents of any shape
export type Ask = (method: string, path: string, body?: unknown, key?: string) => Promise<any>;

export async function administer({ manageUrl }: SallyportProcess): Promise<Ask> {
  let admin = "";
  const ask: Ask = async (method, path, body, key = admin) => {
    const reply = await fetch(`${manageUrl}/core/v1${path}`, {
      method,
      headers: {
        ...(key !== "" && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return text === "" ? undefined : JSON.parse(text);
  };
  admin = (await ask("POST", "/bootstrap", {})).key;
  return ask;
}
